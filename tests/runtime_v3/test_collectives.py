"""The collectives between two processes with gloo; each test runs in both of them."""

import numpy as np
import torch
import torch.distributed as torch_dist

from mmmigrate.runtime_v3 import dist
from mmmigrate.runtime_v3.testing._internal import MultiProcessTestCase


class TestCollectives(MultiProcessTestCase):
    def setUp(self):
        super().setUp()
        self._spawn_processes()

    def prepare_subprocess(self):
        torch_dist.init_process_group(
            "gloo", init_method=f"file://{self.file_name}", rank=self.rank, world_size=self.world_size
        )

    def test_tensors_are_reduced_gathered_and_broadcast(self):
        own = torch.tensor([0.0, 1.0]) + 2 * self.rank  # [0, 1] and [2, 3]
        for op, expected in {"sum": [2, 4], "mean": [1, 2], "product": [0, 3], "min": [0, 1], "max": [2, 3]}.items():
            reduced = own.clone()
            dist.all_reduce(reduced, op)
            assert reduced.tolist() == expected, op
        with self.assertRaises(ValueError):
            dist.all_reduce(own.clone(), "median")
        assert [part.tolist() for part in dist.all_gather(own)] == [[0, 1], [2, 3]]
        gathered = [part.tolist() for part in dist.gather(own)]
        assert gathered == ([[0, 1], [2, 3]] if self.rank == 0 else [])
        sent = own.clone()
        dist.broadcast(sent, src=1)
        assert sent.tolist() == [2, 3]
        named = {"b": own.clone(), "a": torch.tensor([self.rank])}
        dist.all_reduce_dict(named)
        assert (named["b"].tolist(), named["a"].tolist(), named["a"].dtype) == ([2, 4], [1], torch.int64)
        for coalesce in (True, False):
            params = [own.clone(), own.clone().double()]
            dist.all_reduce_params((param for param in params), coalesce=coalesce, op="mean")
            assert [param.tolist() for param in params] == [[1, 2], [1, 2]]

    def test_objects_and_results_keep_the_order_of_the_data(self):
        assert dist.all_gather_object({"rank": self.rank}) == [{"rank": 0}, {"rank": 1}]
        assert dist.gather_object("ab"[self.rank]) == (["a", "b"] if self.rank == 0 else None)
        sent = ["x", {1: 2}] if self.rank == 0 else [None, None]
        dist.broadcast_object_list(sent)
        assert sent == ["x", {1: 2}]
        # Samples 0 to 4 of two processes; the sampler gave the last one twice, to even them out.
        part = [[0, 2, 4], [1, 3, 4]][self.rank]
        for tmpdir in (None, "gathered"):
            whole = dist.collect_results(part, 5, tmpdir=tmpdir)
            assert whole == ([0, 1, 2, 3, 4] if self.rank == 0 else None)
        np.random.seed(self.rank)
        assert len(set(dist.all_gather_object(dist.sync_random_seed()))) == 1

    def test_each_process_knows_its_place(self):
        assert dist.get_dist_info() == (self.rank, 2)
        assert (dist.get_backend(), dist.is_distributed(), dist.is_main_process()) == ("gloo", True, self.rank == 0)
        for ask in (dist.get_local_rank, dist.get_local_size, dist.get_local_group):
            with self.assertRaisesRegex(RuntimeError, "Local process group is not created"):
                ask()
        dist.init_local_group(0, 2)
        assert (dist.get_local_rank(), dist.get_local_size()) == (self.rank, 2)
        assert dist.master_only(lambda: "done")() == ("done" if self.rank == 0 else None)
        alone = torch_dist.new_group([1])
        if self.rank == 1:
            value = torch.tensor(5)
            dist.all_reduce(value, group=alone)
            assert (value.item(), dist.get_dist_info(alone)) == (5, (0, 1))
        dist.barrier()
