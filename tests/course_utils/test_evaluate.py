"""The figures of merit: against oracles, nested loops and cases that can be worked out by hand."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from torch import Tensor, nn

from course_utils import evaluate, semi
from course_utils.evaluate import Evaluation
from solutions.video.colorization_attention.reference import colorization_attention
from solutions.video.copy_colors.reference import copy_colors


def blobs(n: int, seed: int, classes: int = 3, dim: int = 5, spread: float = 2.0) -> tuple[Tensor, Tensor]:
    centres = np.random.default_rng(99).normal(size=(classes, dim))
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % classes)
    return torch.from_numpy(centres[y] + spread * rng.normal(size=(n, dim))).float(), torch.from_numpy(y)


# Features


def test_features_are_batched_without_a_trace() -> None:
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(12, 7), nn.BatchNorm1d(7), nn.Dropout(0.5))
    encoder[2].eval()
    images = torch.randint(0, 256, (11, 3, 2, 2), dtype=torch.uint8)
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    together, apart = (
        evaluate.features(encoder, images, batch_size=100),
        evaluate.features(encoder, images, batch_size=3),
    )
    assert together.shape == (11, 7) and torch.allclose(together, apart, atol=1e-6)
    assert not together.requires_grad and together.dtype == torch.float32
    assert [module.training for module in encoder.modules()] == [True, True, True, False, True]
    assert all(torch.equal(value, before[name]) for name, value in encoder.state_dict().items())


def test_features_see_bytes_as_floats_in_the_unit_interval() -> None:
    images = torch.tensor([0, 51, 255], dtype=torch.uint8).view(3, 1, 1, 1)
    assert torch.allclose(evaluate.features(lambda x: x, images), torch.tensor([[0.0], [0.2], [1.0]]))
    assert torch.allclose(evaluate.raw_pixels(images), torch.tensor([[-0.5], [-0.3], [0.5]]))


def test_a_failing_encoder_is_left_in_its_mode() -> None:
    encoder = nn.Linear(3, 3)
    with pytest.raises(RuntimeError):
        evaluate.features(encoder, torch.zeros(2, 1, 2, 2))
    assert encoder.training


# Probes


def test_standardise_uses_the_training_set_alone() -> None:
    train, test = torch.tensor([[1.0, 5.0], [3.0, 5.0]]), torch.tensor([[4.0, 6.0]])
    a, b = evaluate.standardise(train, test)
    assert a.tolist() == [[-1, 0], [1, 0]] and b.tolist() == [[2, 0]]


def test_linear_probe_agrees_with_scikit_learn() -> None:
    (train_x, train_y), (test_x, test_y) = blobs(300, 1), blobs(400, 2)
    a, b = evaluate.standardise(train_x, test_x)
    oracle = LogisticRegression(C=1 / (1e-3 * len(train_x)), tol=1e-8, max_iter=2000).fit(
        a.numpy(), train_y.numpy()
    )
    assert evaluate.linear_probe(train_x, train_y, test_x, test_y) == pytest.approx(
        oracle.score(b.numpy(), test_y.numpy()), abs=0.003
    )
    assert oracle.score(b.numpy(), test_y.numpy()) < 0.95  # or it would be no test


def test_linear_probe_does_not_mind_scale_and_units() -> None:
    (train_x, train_y), (test_x, test_y) = blobs(300, 1), blobs(400, 2)
    scale, shift = torch.tensor([1e-3, 1.0, 50.0, 1e4, 7.0]), torch.tensor([5.0, -3.0, 100.0, 0.0, 1.0])
    accuracy = evaluate.linear_probe(train_x, train_y, test_x, test_y)
    assert evaluate.linear_probe(
        train_x * scale + shift, train_y, test_x * scale + shift, test_y
    ) == pytest.approx(accuracy, abs=0.01)


def test_linear_probe_works_under_no_grad() -> None:
    (train_x, train_y), (test_x, test_y) = blobs(60, 1, spread=0.1), blobs(40, 2, spread=0.1)
    with torch.no_grad():
        assert evaluate.linear_probe(train_x, train_y, test_x, test_y) == 1.0


def test_linear_probe_takes_features_on_a_graph() -> None:
    (train_x, train_y), (test_x, test_y) = blobs(60, 1, spread=0.1), blobs(40, 2, spread=0.1)
    train_x, test_x = (x.clone().requires_grad_() * 2 for x in (train_x, test_x))
    assert evaluate.linear_probe(train_x, train_y, test_x, test_y) == 1.0


def test_knn_wants_a_voter() -> None:
    (train_x, train_y), (test_x, test_y) = blobs(20, 1), blobs(10, 2)
    with pytest.raises(ValueError, match="k is 0"):
        evaluate.knn(train_x, train_y, test_x, test_y, k=0)


@pytest.mark.parametrize("k", [1, 7])
def test_knn_agrees_with_scikit_learn(k: int) -> None:
    (train_x, train_y), (test_x, test_y) = blobs(200, 1), blobs(1500, 2)
    oracle = KNeighborsClassifier(
        k, weights=lambda d: np.exp((1 - d**2 / 2) / 0.1)
    )  # cosine from the distance on the sphere
    oracle.fit(F.normalize(train_x, dim=1).numpy(), train_y.numpy())
    expected = oracle.score(F.normalize(test_x, dim=1).numpy(), test_y.numpy())
    assert evaluate.knn(train_x, train_y, test_x, test_y, k=k) == pytest.approx(expected, abs=0.002)


def test_knn_weighs_votes_by_similarity() -> None:
    # One neighbour of class 0 at cosine 1, two of class 1 at cosine 0.8: the temperature decides.
    train = torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.8, -0.6]])
    labels, query, zero = torch.tensor([0, 1, 1]), torch.tensor([[2.0, 0.0]]), torch.tensor([0])
    assert evaluate.knn(train, labels, query, zero, k=3, temperature=0.1) == 1.0
    assert evaluate.knn(train, labels, query, zero, k=3, temperature=10.0) == 0.0
    assert evaluate.knn(train, labels, query, zero, k=3, temperature=1e-3) == 1.0
    assert evaluate.knn(train, labels, query, zero, k=50, temperature=0.1) == 1.0


def test_few_labels_are_drawn_from_each_class() -> None:
    (train_x, train_y), (test_x, test_y) = blobs(300, 1), blobs(300, 2)
    tenth = semi.few_label(train_x, train_y, test_x, test_y, fraction=0.1, seeds=range(4))
    assert tenth.labels == 30 and tenth.std > 0
    assert semi.few_label(train_x, train_y, test_x, test_y, fraction=1e-9, seeds=[3]).labels == 3
    assert semi.few_label(train_x, train_y, test_x, test_y, fraction=1e-9, seeds=[3]).std == 0
    all_of_them = semi.few_label(train_x, train_y, test_x, test_y, fraction=1.0, seeds=[0]).mean
    assert all_of_them == pytest.approx(evaluate.linear_probe(train_x, train_y, test_x, test_y), abs=0.005)
    assert tenth == semi.few_label(train_x, train_y, test_x, test_y, fraction=0.1, seeds=range(4))
    with pytest.raises(ValueError, match="fraction"):
        semi.few_label(train_x, train_y, test_x, test_y, fraction=0.0)
    with pytest.raises(ValueError, match="seed"):
        semi.few_label(train_x, train_y, test_x, test_y, seeds=[])


# Retrieval


def test_a_scene_never_retrieves_itself() -> None:
    vectors = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
    assert evaluate.neighbours(vectors).squeeze(1).tolist() == [1, 0, 3, 2]
    assert evaluate.instance_retrieval(vectors, torch.tensor([5, 5, 8, 8])) == 1.0
    assert evaluate.instance_retrieval(vectors, torch.tensor([5, 8, 8, 5])) == 0.0


def test_lonely_scenes_are_no_questions_but_can_mislead() -> None:
    vectors = torch.tensor([[1.0, 0.0], [1.0, 0.2], [1.0, 0.01]])
    assert evaluate.instance_retrieval(vectors, torch.tensor([4, 4, 9])) == 0.0
    assert evaluate.instance_retrieval(vectors, torch.tensor([4, 9, 4])) == 1.0
    with pytest.raises(ValueError, match="only once"):
        evaluate.instance_retrieval(vectors, torch.tensor([1, 2, 3]))


def test_neighbours_across_chunks_are_those_of_the_whole_matrix() -> None:
    vectors = torch.randn(2100, 6, generator=torch.Generator().manual_seed(0))
    similarity = F.cosine_similarity(vectors[:, None], vectors[None], dim=-1).fill_diagonal_(-9)
    assert torch.equal(evaluate.neighbours(vectors).squeeze(1), similarity.argmax(1))


# Table


def test_evaluation_prints_as_a_table() -> None:
    table = Evaluation({"trained": {"kNN-20": 0.5, "J": 0.25}, "pixels": {"kNN-20": 0.125}})
    assert str(table).splitlines() == [
        "        kNN-20      J",
        "trained  0.500  0.250",
        "pixels   0.125      -",
    ]
    assert "|pixels|0.125|-|" in table._repr_markdown_()


def test_compare_puts_encoders_beside_pixels() -> None:
    from course_utils.data import EmojiScenes

    train, test = (EmojiScenes(split, size=8, count=40, cache=False) for split in ("train", "test"))  # type: ignore[arg-type]
    table = evaluate.compare({"grey": lambda x: x.mean(1), "mean": lambda x: x.mean((2, 3))}, train, test)
    assert list(table.results) == ["grey", "mean", "pixels"]
    assert set(table.results["grey"]) == {"linear probe", "kNN-20", "instance retrieval"}
    assert table.results["grey"] != table.results["mean"]


# Masks


def test_region_similarity_by_hand() -> None:
    truth = torch.zeros(4, 2, 4, dtype=torch.bool)
    guess = truth.clone()
    truth[0, :, :2], guess[0, :, 1:3] = True, True  # 2 of 6
    truth[1, 0], guess[1, 0] = True, True
    truth[2, 0] = True
    assert evaluate.region_similarity(guess, truth).tolist() == pytest.approx([1 / 3, 1, 0, 1])
    with pytest.raises(ValueError, match="shape"):
        evaluate.region_similarity(guess, truth[:1])
    with pytest.raises(ValueError, match="boolean"):
        evaluate.region_similarity(guess.float(), truth.float())


def test_sparsify_keeps_the_largest_of_each_column() -> None:
    attention = torch.tensor([[[0.5, 0.1], [0.3, 0.2], [0.2, 0.7]]])
    expected = torch.tensor([[[0.625, 0.0], [0.375, 2 / 9], [0.0, 7 / 9]]])
    assert torch.allclose(evaluate.sparsify(attention, 2), expected)
    assert torch.allclose(evaluate.sparsify(attention, 99), attention)


def moving_square(shift: int, frames: int = 4) -> tuple[Tensor, Tensor]:
    """Masks (1, t, 2, 16, 16) of two squares on an 8x8 grid of blocks, and embeddings that tell blocks apart
    perfectly."""
    blocks = torch.zeros(1, frames, 2, 8, 8, dtype=torch.bool)
    code = torch.zeros(1, frames, 64, 8, 8)
    for t in range(frames):
        identity = torch.roll(torch.arange(64).view(8, 8), shift * t, dims=1)
        code[0, t] = F.one_hot(identity, 64).permute(2, 0, 1)
        for k, (row, column) in enumerate([(1, 1), (5, 2)]):
            cells = torch.arange(64).view(8, 8)[row : row + 2, column : column + 2].flatten()
            blocks[0, t, k] = torch.isin(identity, cells)
    return blocks.repeat_interleave(2, -1).repeat_interleave(2, -2), code


@pytest.mark.parametrize("references", [1, 2, 3])
def test_perfect_embeddings_follow_what_moves(references: int) -> None:
    masks, embeddings = moving_square(shift=1)
    followed = evaluate.propagate_masks(
        embeddings,
        masks[:, 0],
        colorization_attention,
        copy_colors,
        references,
        top_k=references,
        temperature=0.01,
    )
    assert torch.equal(followed, masks)
    still = evaluate.copy_first_mask(masks[:, 0], 4)
    assert still.shape == masks.shape and torch.equal(still[:, 3], masks[:, 0])
    assert evaluate.region_similarity(still, masks).mean() < 0.6


def test_masks_are_handed_on_from_the_frame_before() -> None:
    masks, code = moving_square(shift=1, frames=3)
    nothing = torch.zeros_like(code[:, 0])
    # Frame 1 can be recognised in frame 0, and frame 2 in frame 1, but frame 2 not in frame 0.
    pairs = [(code[:, 0], nothing), (code[:, 1], code[:, 1]), (nothing, code[:, 2])]
    embeddings = torch.stack([torch.cat(pair, dim=1) for pair in pairs], dim=1)
    followed = evaluate.propagate_masks(
        embeddings, masks[:, 0], colorization_attention, copy_colors, references=1, top_k=1, temperature=0.01
    )
    assert torch.equal(followed, masks)


@pytest.mark.parametrize("references", [1, 2])
def test_two_references_remember_what_was_hidden(references: int) -> None:
    masks, embeddings = moving_square(shift=0, frames=3)
    hidden = masks[0, 0, 0, ::2, ::2]
    embeddings[0, 1, :, hidden] = 0
    embeddings[0, 1, :, hidden] += embeddings[0, 0, :, 0, 0].unsqueeze(1)  # background in front of object 0
    followed = evaluate.propagate_masks(
        embeddings, masks[:, 0], colorization_attention, copy_colors, references, top_k=1, temperature=0.01
    )
    assert not followed[0, 1, 0].any()
    assert torch.equal(followed[0, 2, 0], masks[0, 2, 0]) is (references == 2)


def test_embeddings_that_see_nothing_lose_the_objects() -> None:
    masks, embeddings = moving_square(shift=1)
    lost = evaluate.propagate_masks(
        torch.zeros_like(embeddings), masks[:, 0], colorization_attention, copy_colors, top_k=999
    )
    assert not lost[:, 1:].any()  # everywhere the mean mask, of which the background is the largest part
    assert torch.equal(lost[:, 0], masks[:, 0])


@pytest.mark.parametrize("wrong", [{"references": 0}, {"top_k": 0}])
def test_masks_are_not_propagated_from_nowhere(wrong: dict[str, int]) -> None:
    embeddings, first = torch.ones(1, 2, 3, 4, 4), torch.ones(1, 1, 8, 8, dtype=torch.bool)

    def unused(*arguments: object) -> Tensor:
        raise AssertionError

    with pytest.raises(ValueError, match="at least 1; not"):
        evaluate.propagate_masks(embeddings, first, unused, unused, **wrong)


def test_propagated_masks_do_not_overlap() -> None:
    masks, embeddings = moving_square(shift=1)
    noise = torch.randn(embeddings.shape, generator=torch.Generator().manual_seed(1))
    assert evaluate.propagate_masks(noise, masks[:, 0], colorization_attention, copy_colors).sum(2).max() == 1


def test_grey_patches_are_centred_on_their_cell() -> None:
    frames = torch.rand(2, 1, 16, 24, generator=torch.Generator().manual_seed(2))
    patches = evaluate.grey_patches(frames, stride=4, side=8)
    assert patches.shape == (2, 64, 4, 6)
    expected = frames[1, 0, 6:14, 10:18].flatten()
    expected = F.normalize(expected - expected.mean(), dim=0)
    assert torch.allclose(patches[1, :, 2, 3], expected, atol=1e-6)


def test_describe_gives_mean_and_deviation() -> None:
    assert evaluate.describe([0.5, 0.7]) == "0.600 ± 0.141"
    assert evaluate.describe([0.5]) == "0.500"
