"""Losses of vectors, pure: rows are queries, columns are candidates. Sums over queries; the caller divides."""

import torch
import torch.nn.functional as F


def contrastive(scores: torch.Tensor, targets: torch.Tensor, allowed: torch.Tensor) -> torch.Tensor:
    """InfoNCE: cross-entropy of each query's positive among the candidates it is compared with.

    @param scores queries x columns, already divided by the temperature. @param allowed The same shape, bool.
    """
    return F.cross_entropy(scores.masked_fill(~allowed, float("-inf")), targets, reduction="sum")


def cut(vectors: torch.Tensor, dimension: int, normalize: bool) -> torch.Tensor:
    """The first numbers of vectors (Matryoshka, Kusupati et al. 2022, arXiv:2205.13147), of length 1 again where vectors are so."""
    return F.normalize(vectors[:, :dimension], dim=1) if normalize else vectors[:, :dimension]


def distilled(scores: torch.Tensor, own: torch.Tensor, teacher: torch.Tensor, temperature: float) -> torch.Tensor:
    """KL(teacher ‖ student) over each query's own candidates.

    @param scores queries x columns, divided by the student's temperature.
    @param own queries x width: columns of the query's own candidates, -1 behind the last.
    @param teacher The same shape; scores that the teacher's softmax is taken of, divided by `temperature`.
    """
    there = own >= 0
    student = scores.gather(1, own.clamp(min=0)).masked_fill(~there, float("-inf")).log_softmax(dim=1)
    wanted = (teacher / temperature).masked_fill(~there, float("-inf")).softmax(dim=1)
    # Both are -inf or 0 where there is no candidate.
    return (torch.xlogy(wanted, wanted) - wanted * student.masked_fill(~there, 0.0)).sum()


def margins(products: torch.Tensor, own: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """Margin-MSE (Hofstätter et al. 2020, arXiv:2010.02666): squared differences of the margins positive − negative, mean over negatives.

    @param products queries x columns, dot products.
    """
    there = (own >= 0)[:, 1:]
    found = products.gather(1, own.clamp(min=0))
    gaps = (found[:, :1] - found[:, 1:]) - (teacher[:, :1] - teacher[:, 1:])
    squares = gaps.square().masked_fill(~there, 0.0)
    return (squares.sum(dim=1) / there.sum(dim=1).clamp(min=1)).sum()


class Losses:
    """What a job minimises, of the vectors of a pass.

    loss: temperature, matryoshka (None or dimensions and weights), distill (None or kind, weight, temperature, contrastive), sparse (None or
    weight, dense). Vectors of a recipe with a sparse half are the dense one, then weights of the words of the pass's queries.
    """

    def __init__(self, loss: dict, dimension: int, normalize: bool):
        self._temperature, self._dimension, self._normalize = loss["temperature"], dimension, normalize
        matryoshka = loss.get("matryoshka") or {"dimensions": [dimension], "weights": [1.0]}
        self._cuts = sorted(zip(matryoshka["dimensions"], matryoshka["weights"]), reverse=True)
        self._distill, self._sparse = loss.get("distill"), loss.get("sparse")

    def __call__(self, queries, documents, targets, allowed, own, teacher):
        """(sum over queries that is minimised, {part: its sum}, queries whose positive comes first); parts are those of the longest cut."""
        width = self._dimension
        parts, total = {}, 0.0
        for dimension, weight in self._cuts:
            a, b = (cut(vectors[:, :width], dimension, self._normalize) for vectors in (queries, documents))
            products = a @ b.T
            found = self._dense(products, targets, allowed, own, teacher)
            if not parts:
                parts = found
                right = (products.detach().masked_fill(~allowed, float("-inf")).argmax(dim=1) == targets).sum()
            total = total + weight * self._weighted(found)
        if self._sparse is None:
            return total, {name: part.detach() for name, part in parts.items()}, right
        # Weights of terms are compared as they are, without temperature (PromptReps, arXiv:2404.18424, its training code).
        sparse = contrastive(queries[:, width:] @ documents[:, width:].T, targets, allowed)
        total = self._sparse["dense"] * total + self._sparse["weight"] * sparse
        return total, {**{name: part.detach() for name, part in parts.items()}, "sparse": sparse.detach()}, right

    def _dense(self, products, targets, allowed, own, teacher) -> dict:
        scores = products / self._temperature
        found = {"contrastive": contrastive(scores, targets, allowed)}
        if self._distill is not None:
            found["distill"] = (
                margins(products, own, teacher)
                if self._distill.get("kind", "kl") == "margin-mse"
                else distilled(scores, own, teacher, self._distill.get("temperature", 1.0))
            )
        return found

    def _weighted(self, found: dict):
        if self._distill is None:
            return found["contrastive"]
        return self._distill.get("contrastive", 1.0) * found["contrastive"] + self._distill.get("weight", 1.0) * found["distill"]
