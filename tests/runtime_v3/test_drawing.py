"""What the visualizer draws, pixel by pixel where that is sure."""

import sys

import numpy as np
import pytest
import torch
from PIL import Image

from mmmigrate.runtime_v3 import HOOKS, BaseDataElement, InstanceData, Visualizer
from mmmigrate.runtime_v3.visualization import DetLocalVisualizer
from mmmigrate.runtime_v3.visualization.colors import as_rgb, heat_map

RED = [255, 0, 0]


@pytest.fixture
def visualizer():
    return Visualizer(image=np.zeros((40, 60, 3), dtype=np.uint8))


def test_a_box_has_an_edge_and_nothing_inside(visualizer):
    image = visualizer.draw_bboxes(torch.tensor([10, 5, 30, 25]), edge_colors="r", alpha=1.0).get_image()
    assert image[5, 20].tolist() == image[15, 10].tolist() == image[25, 20].tolist() == RED
    assert image[15, 20].tolist() == [0, 0, 0]


def test_alpha_mixes_with_what_is_there(visualizer):
    visualizer.set_image(np.full((40, 60, 3), 100, dtype=np.uint8))
    image = visualizer.draw_bboxes(np.array([[0, 0, 59, 39]]), "r", face_colors="r", alpha=0.5).get_image()
    assert image[20, 20].tolist() == [178, 50, 50]


def test_each_of_several_has_its_own_color(visualizer):
    boxes = np.array([[0, 0, 10, 10], [30, 20, 40, 30]])
    image = visualizer.draw_bboxes(boxes, ["none", "none"], face_colors=[(255, 0, 0), "#0000ff"], alpha=1.0).get_image()
    assert (image[5, 5].tolist(), image[25, 35].tolist()) == (RED, [0, 0, 255])


def test_calls_can_be_chained_over_all_shapes(visualizer):
    visualizer.draw_points(np.array([[5, 5]]), "r", marker="s").draw_lines(
        np.array([0, 59]), np.array([30, 30]), "r", line_styles="--"
    ).draw_circles(torch.tensor([30.0, 15.0]), torch.tensor([5.0]), face_colors="r", alpha=1.0).draw_polygons(
        [np.array([[50, 0], [59, 0], [59, 9]])], face_colors="r", alpha=1.0
    )
    image = visualizer.get_image()
    for x, y in ((5, 5), (0, 30), (30, 15), (57, 3)):
        assert image[y, x].tolist() == RED
    assert {tuple(pixel) for pixel in image[30]} == {(255, 0, 0), (0, 0, 0)}


def test_a_text_is_written_on_its_background(visualizer):
    image = visualizer.draw_texts(
        "cat", np.array([5, 5]), colors="w", font_sizes=12, bboxes={"facecolor": "blue", "pad": 3}
    ).get_image()
    assert (image[4:, 3] == [0, 0, 255]).all(axis=1).any()
    assert (image == 255).all(axis=2).any()


def test_masks_color_their_pixels(visualizer):
    mask = np.zeros((40, 60), dtype=bool)
    mask[:10] = True
    image = visualizer.draw_binary_masks(mask, "r", alphas=0.5).get_image()
    assert (image[5, 5].tolist(), image[20, 5].tolist()) == ([128, 0, 0], [0, 0, 0])


@pytest.mark.parametrize(
    ("method", "arguments", "message"),
    [
        ("draw_bboxes", (np.array([9, 0, 1, 5]),), "a box is"),
        ("draw_bboxes", (np.zeros((1, 3)),), r"bboxes must have the shape \(N, 4\), got \(1, 3\)"),
        ("draw_bboxes", (np.zeros((2, 4)), ["r"]), "edge_colors has 1 entries for 2"),
        ("draw_bboxes", (np.zeros((1, 4)), "reddish"), "'reddish' is no colour"),
        ("draw_texts", (["a", "b"], np.zeros((1, 2))), "2 texts for 1 positions"),
        ("draw_binary_masks", (np.zeros((3, 3), dtype=bool),), "do not fit"),
        ("draw_lines", (np.zeros((1, 2)), np.ones((1, 2)), "g", "~"), "line_styles: '~'"),
    ],
)
def test_what_cannot_be_drawn_is_refused(visualizer, method, arguments, message):
    with pytest.raises(ValueError, match=message):
        getattr(visualizer, method)(*arguments)


def test_drawing_without_an_image_says_what_to_call():
    with pytest.raises(RuntimeError, match="call set_image first"):
        Visualizer().draw_bboxes(np.zeros((1, 4)))


def test_without_pillow_the_extra_is_named(visualizer, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(ImportError, match=r"pip install 'mmmigrate\[drawing\]'"):
        visualizer.draw_bboxes(np.zeros((1, 4)))


@pytest.mark.parametrize(("backend", "package"), [("matplotlib", "matplotlib.pyplot"), ("cv2", "cv2")])
def test_a_window_needs_a_package_that_is_named(visualizer, monkeypatch, backend, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=f"backend='{backend}': pip install"):
        visualizer.show(backend=backend)


def test_green_is_that_of_matplotlib():
    assert (as_rgb("g"), as_rgb("green"), as_rgb("none")) == ((0, 127, 0), (0, 128, 0), None)


def test_heat_goes_from_blue_to_red():
    assert heat_map(np.array([[0.0, 0.5, 1.0]])).tolist() == [[[0, 0, 128], [128, 255, 128], [128, 0, 0]]]


def test_a_feature_map_takes_the_size_of_the_image_it_is_laid_over():
    image = np.zeros((8, 6, 3), dtype=np.uint8)
    assert Visualizer.draw_featmap(torch.rand(4, 2, 2), image).shape == (8, 6, 3)
    assert Visualizer.draw_featmap(torch.rand(4, 2, 2), image, resize_shape=(4, 4)).shape == (4, 4, 3)


def test_channels_of_a_feature_map_are_laid_out_in_a_grid():
    grid = Visualizer.draw_featmap(torch.rand(3, 5, 7), channel_reduction=None, topk=4, arrangement=(2, 2))
    assert grid.shape == (10, 14, 3)
    assert (grid[5:, 7:] == 255).all()


def test_the_strongest_channel_can_be_selected():
    featmap = torch.stack([torch.zeros(1, 2), torch.tensor([[1.0, 3.0]])])
    assert np.array_equal(
        Visualizer.draw_featmap(featmap, channel_reduction="select_max"), heat_map(np.array([[1, 3]]))
    )


def sample(path, **instances):
    given = BaseDataElement(metainfo={"img_path": str(path)})
    given.pred_instances = InstanceData(bboxes=torch.tensor([[2.0, 2, 20, 20], [30, 5, 50, 30]]), **instances)
    return given


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "street.png"
    Image.fromarray(np.zeros((40, 60, 3), dtype=np.uint8)).save(path)
    return path


class Runner:
    """What the hook takes from a runner."""

    iter = 4

    def __init__(self, folder):
        self.log_dir = str(folder)
        self.visualizer = DetLocalVisualizer(vis_backends=[{"type": "LocalVisBackend"}], save_dir=str(folder))
        self.visualizer.dataset_meta = {"classes": ("car", "cat"), "palette": [(255, 0, 0), (0, 0, 255)]}


def test_a_detection_of_validation_reaches_the_backends_at_its_interval(picture, tmp_path):
    runner, hook = Runner(tmp_path), HOOKS.build({"type": "DetVisualizationHook", "draw": True, "interval": 3})
    found = sample(picture, scores=torch.tensor([0.9, 0.1]), labels=torch.tensor([0, 1]))
    for batch_idx in range(3):
        hook.after_val_iter(runner, batch_idx, None, [found])
    written = list((tmp_path / "vis_data" / "vis_image").iterdir())
    assert [path.name for path in written] == ["val_img_6.png"]
    image = np.asarray(Image.open(written[0]))
    assert image[20, 10].tolist() == [204, 0, 0]
    assert not image[22:, 28:52].any(), "what scores below the threshold is not drawn"


def test_pictures_of_the_test_lie_in_the_folder_asked_for(picture, tmp_path):
    runner = Runner(tmp_path)
    hook = HOOKS.build({"type": "DetVisualizationHook", "draw": True, "test_out_dir": "shown"})
    hook.after_test_iter(runner, 0, None, [sample(picture, labels=torch.tensor([0, 1]))])
    assert np.asarray(Image.open(tmp_path / "shown" / "street.png"))[30, 40, 2] > 0


def test_nothing_is_drawn_unless_asked_for(tmp_path):
    hook = HOOKS.build({"type": "DetVisualizationHook"})
    hook.after_test_iter(Runner(tmp_path), 0, None, [sample("nowhere.png")])
    assert not (tmp_path / "vis_data").exists()


def test_truth_and_prediction_stand_side_by_side(tmp_path):
    visualizer = Runner(tmp_path).visualizer
    both = sample("a.png")
    both.gt_instances = InstanceData(bboxes=torch.tensor([[2.0, 2, 20, 20]]), masks=torch.ones(1, 40, 60).bool())
    visualizer.add_datasample("pair", np.zeros((40, 60, 3), dtype=np.uint8), both)
    assert visualizer.get_image().shape == (40, 120, 3)
