"""The data sets: exact where exactness is promised, disjoint where leaks would hide, and never stopped by a cache."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from course_utils.data import (
    FAMILIES,
    ColourClusters,
    EmojiScenes,
    EmojiVideo,
    cifar10,
    photographs,
    rgb_to_lab,
)
from course_utils.data import backgrounds as backgrounds_module
from course_utils.data.cache import cache_folder
from course_utils.data.emoji import emoji_table, keypoints, sheet
from course_utils.data.sprites import over, place, sprite


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("COURSE_UTILS_CACHE", str(folder))
    return folder


@pytest.fixture(scope="module")
def scenes() -> EmojiScenes:
    return EmojiScenes("train", count=400, cache=False)


@pytest.fixture(scope="module")
def video() -> EmojiVideo:
    return EmojiVideo("test", clips=12, cache=False)


# Split


@pytest.mark.parametrize("seeds", [(0, 0), (0, 5)])
def test_no_emoji_and_no_drawing_is_on_both_sides(seeds: tuple[int, int]) -> None:
    train, test = (
        EmojiScenes("train", seed=seeds[0], count=2000),
        EmojiScenes("test", seed=seeds[1], count=800),
    )
    assert not set(train.emoji.tolist()) & set(test.emoji.tolist())
    for family in FAMILIES:
        drawings = {
            side: {sheet(family)[e].tobytes() for e in emoji_table().ids(side)} for side in ("train", "test")
        }  # type: ignore[arg-type]
        assert not drawings["train"] & drawings["test"]


def test_relatives_are_on_one_side() -> None:
    names = emoji_table().names
    for who in (("man singer", "woman singer"), ("man pilot", "woman pilot", "pilot")):
        assert len({bool(emoji_table().in_test[names.index(name)]) for name in who}) == 1


def test_split_keeps_the_share_of_every_group() -> None:
    groups = emoji_table().groups
    for group in range(len(emoji_table().group_names)):
        assert 0.1 < emoji_table().in_test[groups == group].mean() < 0.25


def test_backgrounds_are_disjoint() -> None:
    assert not set(backgrounds_module.PHOTOS["train"]) & set(backgrounds_module.PHOTOS["test"])
    assert not set(backgrounds_module.TEXTURES["train"]) & set(backgrounds_module.TEXTURES["test"])
    bundled = {path.stem for path in Path(backgrounds_module.BUNDLED, "photos").glob("*.webp")}
    assert set(backgrounds_module.PHOTOS["train"]) | set(backgrounds_module.PHOTOS["test"]) == bundled


def test_photographs_are_whole_and_those_of_the_split() -> None:
    everything = photographs()
    assert list(everything) == sorted(everything) and len(everything) == 10
    for name, pixels in everything.items():
        with Image.open(backgrounds_module.BUNDLED / "photos" / f"{name}.webp") as image:
            assert np.array_equal(pixels.permute(1, 2, 0).numpy(), np.asarray(image.convert("RGB")))
        assert pixels.dtype == torch.uint8 and pixels.is_contiguous() and 300 <= max(pixels.shape[1:]) <= 480
    train, test = photographs("train"), photographs("test")
    assert set(train) == set(backgrounds_module.PHOTOS["train"]) and set(train).isdisjoint(test)
    assert train.keys() | test.keys() == everything.keys()
    with pytest.raises(ValueError, match='split is "train" or "test", not \'all\''):
        photographs("all")  # type: ignore[arg-type]


def test_photographs_are_the_callers_own() -> None:
    first = photographs()["coffee"]
    kept = first.clone()
    first.zero_()
    assert torch.equal(photographs()["coffee"], kept)


def test_every_photograph_has_a_licence() -> None:
    notice = (backgrounds_module.BUNDLED / "NOTICE.md").read_text()
    assert all(f"{name}.webp" in notice for name in photographs())


def test_scenes_draw_on_backgrounds_of_their_own_side(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = set()

    def plain(split: str) -> tuple[Image.Image, ...]:
        asked.add(split)
        return (Image.new("RGB", (200, 200)),)

    monkeypatch.setattr(backgrounds_module, "photos", plain)
    monkeypatch.setattr(backgrounds_module, "textures", plain)
    EmojiScenes("test", count=20, cache=False)
    EmojiVideo("test", clips=2, cache=False)
    assert asked == {"test"}


def test_each_emoji_in_use_has_a_drawing_of_its_own() -> None:
    for family in FAMILIES:
        assert len({sheet(family)[e].tobytes() for e in emoji_table().usable}) == len(emoji_table().usable)


# Scenes


def test_default_sizes_are_the_measured_ones() -> None:
    assert len(EmojiScenes("train")) == 6544
    test = EmojiScenes("test")
    assert (test.emoji.unique(return_counts=True)[1] == 4).all()
    assert len(test) == 4 * len(emoji_table().ids("test"))


def test_scenes_have_the_promised_shapes(scenes: EmojiScenes) -> None:
    assert scenes.images.shape == (400, 3, 32, 32) and scenes.images.dtype == torch.uint8
    assert scenes.masks.shape == (400, 32, 32) and scenes.masks.dtype == torch.uint8
    for whole in (scenes.labels, scenes.emoji, scenes.families):
        assert whole.shape == (400,) and whole.dtype == torch.int64
    image, label = scenes[3]
    assert torch.equal(image, scenes.images[3]) and label == scenes.labels[3] and isinstance(label, int)
    assert len(list(scenes)) == 400  # indexing past the end stops an iteration
    assert scenes.group_names[label] and scenes.emoji_names[int(scenes.emoji[3])]


def test_labels_belong_to_the_emoji(scenes: EmojiScenes) -> None:
    assert torch.equal(scenes.labels, torch.from_numpy(emoji_table().groups)[scenes.emoji])
    cat = emoji_table().names.index("cat")
    assert emoji_table().group_names[emoji_table().groups[cat]] == "Animals & Nature"


def test_small_sets_keep_several_scenes_of_each_emoji_by_both_families(scenes: EmojiScenes) -> None:
    emoji, counts = scenes.emoji.unique(return_counts=True)
    assert len(emoji) == 100 and (counts == 4).all()
    for e in emoji:
        assert set(scenes.families[scenes.emoji == e].tolist()) == {0, 1}


def test_same_seed_same_scenes_other_seed_other_scenes(scenes: EmojiScenes) -> None:
    again, other = (
        EmojiScenes("train", count=400, cache=False),
        EmojiScenes("train", count=400, seed=1, cache=False),
    )
    assert torch.equal(scenes.images, again.images) and torch.equal(scenes.masks, again.masks)
    assert not torch.equal(scenes.images, other.images)


def test_no_two_scenes_are_the_same(scenes: EmojiScenes) -> None:
    assert len(scenes.images.flatten(1).unique(dim=0)) == len(scenes)


def test_families_draw_the_same_scene_twice() -> None:
    noto, twemoji = (EmojiScenes("test", family=f, count=100, cache=False) for f in ("noto", "twemoji"))
    assert torch.equal(noto.emoji, twemoji.emoji)
    assert noto.families.unique().tolist() == [0] and twemoji.families.unique().tolist() == [1]
    outside = ((noto.masks == 0) & (twemoji.masks == 0)).unsqueeze(1).expand_as(noto.images)
    assert torch.equal(noto.images[outside], twemoji.images[outside])
    assert not torch.equal(noto.images, twemoji.images)


def test_masks_lie_on_the_emoji(scenes: EmojiScenes) -> None:
    covered = (scenes.masks >= 128).flatten(1).float().mean(1)
    assert covered.min() > 0.01 and covered.max() < 1 and 0.15 < covered.mean() < 0.5


def test_any_size() -> None:
    assert EmojiScenes("test", count=3, size=50, cache=False).images.shape == (3, 3, 50, 50)
    assert len(EmojiScenes("test", count=1, cache=False)) == 1


def test_transform_is_applied_to_samples_only() -> None:
    inverted = EmojiScenes("test", count=4, cache=False, transform=lambda image: 255 - image)
    assert torch.equal(inverted[0][0], 255 - inverted.images[0])


@pytest.mark.parametrize(
    "wrong", [{"split": "val"}, {"family": "apple"}, {"count": 0}, {"size": 4}, {"seed": -1}]
)
def test_bad_arguments_are_named(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        EmojiScenes(**wrong)  # type: ignore[arg-type]


# Drawing


def test_a_sprite_is_turned_counter_clockwise_and_placed_where_asked() -> None:
    arrow = emoji_table().names.index("upwards black arrow")
    upright = sprite("noto", arrow, 64, 32, 32, 40, 0.0)
    turned = sprite("noto", arrow, 64, 32, 32, 40, np.pi / 2)
    assert np.abs(np.rot90(upright).astype(int) - turned).max() <= 2
    moved = sprite("noto", arrow, 64, 35, 27, 40, 0.0)
    assert np.abs(np.roll(upright, (-5, 3), axis=(0, 1)).astype(int) - moved).max() <= 2


def test_place_is_the_forward_map_of_sprite() -> None:
    emoji, (x, y, diameter, angle) = int(emoji_table().usable[300]), (30.0, 25.0, 34.0, 0.7)
    drawn = sprite("twemoji", emoji, 64, x, y, diameter, angle)[..., 3] / 255.0
    alpha = sheet("twemoji")[emoji, ..., 3] / 255.0
    row, column = np.mgrid[0:48, 0:48]
    centroid = (
        np.array([(alpha * (column + 0.5)).sum(), (alpha * (row + 0.5)).sum()]) / alpha.sum() / 48 - 0.5
    )
    row, column = np.mgrid[0:64, 0:64]
    found = np.array([(drawn * (column + 0.5)).sum(), (drawn * (row + 0.5)).sum()]) / drawn.sum()
    assert np.abs(found - place(centroid, x, y, diameter, angle)).max() < 0.15


def test_over_blends_by_alpha() -> None:
    drawn = np.array([[[0, 0, 0, 0], [200, 10, 0, 255], [100, 0, 0, 128]]], dtype=np.uint8)
    below = np.full((1, 3, 3), 100, dtype=np.uint8)
    assert over(drawn, below).tolist() == [[[100, 100, 100], [200, 10, 0], [150, 50, 50]]]


def test_textures_are_seeded_and_different() -> None:
    assert np.array_equal(backgrounds_module.texture(3), backgrounds_module.texture(3))
    all_textures = {
        backgrounds_module.texture(s).tobytes() for side in backgrounds_module.TEXTURES.values() for s in side
    }
    assert len(all_textures) == sum(map(len, backgrounds_module.TEXTURES.values()))


# Video


def test_video_has_the_promised_shapes(video: EmojiVideo) -> None:
    assert video.frames.shape == (12, 8, 3, 64, 64) and video.frames.dtype == torch.uint8
    assert video.masks.shape == (12, 8, 3, 64, 64) and video.masks.dtype == torch.bool
    assert video.keypoints.shape == (12, 8, 3, 5, 2) and video.visible.shape == (12, 8, 3, 5)
    frames, target = video[2]
    assert torch.equal(frames, video.frames[2]) and torch.equal(target["masks"], video.masks[2])
    assert EmojiVideo("train", clips=1, cache=False).frames.shape[1] == 4


def test_video_is_seeded(video: EmojiVideo) -> None:
    again = EmojiVideo("test", clips=12, cache=False)
    assert torch.equal(video.frames, again.frames) and torch.equal(video.masks, again.masks)
    assert not torch.equal(video.frames, EmojiVideo("test", clips=12, seed=1, cache=False).frames)


def test_masks_do_not_overlap_and_objects_are_seen_at_first(video: EmojiVideo) -> None:
    assert video.masks.sum(dim=2).max() == 1
    assert video.masks[:, 0].flatten(2).any(-1).all()


def test_masks_are_those_of_the_poses_with_nearer_objects_in_front(video: EmojiVideo) -> None:
    n, t = 4, 7
    alpha = [
        sprite(
            FAMILIES[int(video.families[n, k])],
            int(video.emoji[n, k]),
            64,
            *(video.poses[n, t, k] + torch.tensor([0.5, 0.5, 0, 0])).tolist(),
        )[..., 3]
        for k in range(3)
    ]
    owner = np.zeros((64, 64), dtype=int)
    for k in range(3):
        owner[alpha[k] >= 128] = k + 1
    for k in range(3):
        # A pose is stored in float32: a pixel that is just half covered may fall on either side.
        assert ((owner == k + 1) != video.masks[n, t, k].numpy()).sum() <= 2


def test_videos_contain_occlusion_and_motion(video: EmojiVideo) -> None:
    area = video.masks.flatten(3).sum(-1).float()
    assert (area.amin(1) < 0.7 * area.amax(1)).any()
    assert (video.poses[:, 1:, :, :2] - video.poses[:, :-1, :, :2]).norm(dim=-1).mean() > 1.0


def test_visible_keypoints_lie_on_their_object(video: EmojiVideo) -> None:
    assert 0.7 < video.visible.float().mean() < 1.0
    n, t, k, p = video.visible.nonzero().T
    x, y = video.keypoints[n, t, k, p].round().long().T
    assert video.masks[n, t, k, y, x].all()


def test_keypoints_move_with_the_pose(video: EmojiVideo) -> None:
    # Distances between keypoints, measured in the object's size, are the same in each frame.
    distance = (video.keypoints[..., :1, :] - video.keypoints[..., 1:, :]).norm(dim=-1) / video.poses[
        ..., 2:3
    ]
    assert torch.allclose(distance, distance[:, :1].expand_as(distance), atol=1e-4)
    assert keypoints("noto", 100, 5).shape == (5, 2)


def test_no_emoji_is_twice_in_a_clip() -> None:
    crowd = EmojiVideo("test", clips=20, frames=1, objects=8, cache=False)
    assert all(len(set(ids.tolist())) == 8 for ids in crowd.emoji)


@pytest.mark.parametrize(
    "wrong", [{"split": "x"}, {"family": "x"}, {"clips": 0}, {"objects": 9}, {"size": 8}]
)
def test_bad_video_arguments_are_named(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        EmojiVideo(**wrong)  # type: ignore[arg-type]


# Cache


def test_second_time_comes_from_the_cache(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = EmojiScenes("test", count=10)
    assert len(list(own_cache.iterdir())) == 1
    monkeypatch.setattr("course_utils.data.scenes._draw", lambda *_: pytest.fail("drawn again"))
    second = EmojiScenes("test", count=10)
    assert torch.equal(first.images, second.images)
    second.images.zero_()  # the arrays belong to the caller
    assert not torch.equal(EmojiScenes("test", count=10).images, second.images)


def test_each_setting_has_its_own_file(own_cache: Path) -> None:
    for settings in ({}, {"seed": 1}, {"family": "noto"}, {"size": 16}, {"count": 9}, {"split": "train"}):
        EmojiScenes(**{"split": "test", "count": 8} | settings)  # type: ignore[arg-type]
    assert len(list(own_cache.iterdir())) == 6


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "noise"])
def test_a_damaged_file_is_made_anew(own_cache: Path, damage: str) -> None:
    first = EmojiScenes("test", count=10)
    (path,) = own_cache.iterdir()
    content = bytearray(path.read_bytes())
    if damage == "flipped":
        content[len(content) // 2] ^= 255
    path.write_bytes({"empty": b"", "cut": content[:5000], "flipped": content, "noise": b"PK noise"}[damage])
    with pytest.warns(UserWarning, match="damaged"):
        again = EmojiScenes("test", count=10)
    assert torch.equal(first.images, again.images)
    assert torch.equal(EmojiScenes("test", count=10).images, first.images)  # and it is whole now


def test_a_folder_that_cannot_be_written_costs_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("COURSE_UTILS_CACHE", str(tmp_path / "file" / "below"))
    with pytest.warns(UserWarning, match="COURSE_UTILS_CACHE"):
        assert len(EmojiScenes("test", count=10)) == 10


def test_a_failed_write_leaves_nothing_behind(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: object, **arrays: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.warns(UserWarning, match="No space left"):
        EmojiScenes("test", count=10)
    assert list(own_cache.iterdir()) == []


def test_without_cache_nothing_is_written(own_cache: Path) -> None:
    EmojiScenes("test", count=10, cache=False)
    assert not own_cache.exists()


def test_cache_folder_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_UTILS_CACHE", "~/somewhere")
    assert cache_folder() == Path.home() / "somewhere"
    monkeypatch.delenv("COURSE_UTILS_CACHE")
    assert cache_folder().name == "course_utils"


# CIFAR-10


def test_cifar10_says_what_to_do_when_it_cannot_be_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision.datasets import CIFAR10

    def offline(self: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(CIFAR10, "download", offline)
    with pytest.raises(RuntimeError, match=r"cifar-10-python\.tar\.gz") as caught:
        cifar10("test", root=tmp_path)
    assert str(tmp_path) in str(caught.value) and "no route" in str(caught.value)


def test_cifar10_knows_its_splits() -> None:
    with pytest.raises(ValueError, match="split"):
        cifar10("validation")  # type: ignore[arg-type]


# Colour


def test_lab_of_known_colours() -> None:
    # CIE Lab (D65) of red, green, blue, white and a very dark red, as scikit-image's rgb2lab gives them.
    rgb = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1], [0.01, 0, 0]]).view(5, 3, 1, 1)
    lab = rgb_to_lab(rgb).flatten(1)
    assert lab[:4, 0].tolist() == pytest.approx([53.2406, 87.7351, 32.2957, 100.0], abs=0.01)
    assert lab[:4, 1].tolist() == pytest.approx([80.0942, -86.1813, 79.1870, 0.0], abs=0.01)
    assert lab[:4, 2].tolist() == pytest.approx([67.2015, 83.1775, -107.8618, 0.0], abs=0.01)
    assert lab[4, 0] == pytest.approx(0.1487, abs=0.001)


def test_lab_of_a_gradient_has_finite_slopes() -> None:
    dark = torch.zeros(1, 3, 2, 2, requires_grad=True)
    rgb_to_lab(dark).sum().backward()
    assert dark.grad is not None and torch.isfinite(dark.grad).all()


def test_lab_does_without_scikit_learn() -> None:
    code = "import sys; from course_utils.data import rgb_to_lab; print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_colour_clusters_assign_the_nearest_centre() -> None:
    ab = torch.from_numpy(np.random.default_rng(0).normal(0, 30, (6, 2, 8, 8))).float()
    palette = ColourClusters.fit(ab, classes=5)
    distance = (ab.unsqueeze(1) - palette.centres.view(1, 5, 2, 1, 1)).square().sum(2)
    assert torch.equal(palette.assign(ab), distance.argmin(1))
    assert len(palette) == 5 and len(palette.assign(ab).unique()) == 5
    assert torch.equal(palette.centres, ColourClusters.fit(ab, classes=5).centres)
    assert palette.assign(ab.unflatten(0, (2, 3))).shape == (2, 3, 8, 8)
