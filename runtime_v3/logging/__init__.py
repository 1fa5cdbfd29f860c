from mmmigrate.runtime_v3.logging.history_buffer import HistoryBuffer
from mmmigrate.runtime_v3.logging.logger import MMLogger, print_log
from mmmigrate.runtime_v3.logging.manager import ManagerMeta, ManagerMixin
from mmmigrate.runtime_v3.logging.message_hub import MessageHub

__all__ = ["HistoryBuffer", "MMLogger", "ManagerMeta", "ManagerMixin", "MessageHub", "print_log"]
