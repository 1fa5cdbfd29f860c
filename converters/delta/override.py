"""What a file has to say so that, merged into its base, it means a given tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmmigrate.converters.merge.inherit import DELETE
from mmmigrate.converters.read.traced import Slot, TracedDict, same


def override(new: TracedDict, base: Mapping[Any, Any]) -> TracedDict:
    """The keys of `new` that the base lacks or has otherwise; ``merge(override(new, base), base) == new``.

    A key that the base has and `new` lacks can only be removed together with its dict, so that dict is stated
    whole with ``_delete_``; at the top level, where nothing can be removed, `new` must have every key of the base.
    """
    result = TracedDict()
    for key, slot in new.slots():
        if key not in base:
            result.put(key, slot)
        elif not same(slot.value, base[key]):
            result.put(key, _changed(slot, base[key]))
    return result


def _changed(slot: Slot, base: Any) -> Any:
    if not isinstance(slot.value, TracedDict):
        return slot
    if not isinstance(base, Mapping) or any(key not in slot.value for key in base):
        return TracedDict([(DELETE, True), *slot.value.slots()])
    return override(slot.value, base)
