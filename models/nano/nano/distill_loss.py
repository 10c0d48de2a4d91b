"""What the student is asked for, at each size of its Matryoshka.

1. place: 1 − cosine to the teacher's vector along its principal axes (the best linear image of the teacher's space in so few numbers; its
   first numbers are the best image in fewer). Reimers and Gurevych 2020 (arXiv:2004.09813) with PCA in place of a learnt map.
2. order: KL divergence from the teacher's softmax over the similarities of a text to all others of the batch to the student's; what matters
   in retrieval is who is near, less how near (similarity distillation, as in Zhang et al. 2024, arXiv:2412.19048).
3. pairs: InfoNCE on texts that belong together (`contrast.loss_of`). On prose, texts that the teacher takes for better answers than the given one
   are no negatives (Solatorio 2024, arXiv:2402.16829); on code its judgement is not asked.
"""

import torch
import torch.nn.functional as F

from . import contrast

CODE = ("function", "name", "translation", "problem")


def principal(known: torch.Tensor, size: int, log=None) -> torch.Tensor:
    """(texts, size): the vectors along the first axes of their second moment, not centred, so that inner products are kept. In the input's type."""
    moment = torch.zeros(known.shape[1], known.shape[1], dtype=torch.float64, device=known.device)
    for first in range(0, len(known), 200_000):
        part = known[first : first + 200_000].float()
        moment += (part.T @ part).double()
    values, axes = torch.linalg.eigh(moment.cpu())
    axes = axes.flip(1)[:, :size]
    # The sign of an axis means nothing: its largest number is made positive.
    axes = axes * axes.gather(0, axes.abs().argmax(0, keepdim=True)).sign()
    if log:
        shares = values.flip(0).cumsum(0) / values.sum()
        log("share of the teacher's inner products kept: " + ", ".join(f"{n}: {shares[n - 1]:.3f}" for n in (64, 128, 256) if n <= min(size, len(shares))))
    map_ = axes.to(known.device, torch.float32)
    return torch.cat([(known[first : first + 200_000].float() @ map_).to(known.dtype) for first in range(0, len(known), 200_000)])


def order_loss(student: torch.Tensor, teacher: torch.Tensor, temperature: float, same: torch.Tensor) -> torch.Tensor:
    """(texts,), from (texts, numbers) of length 1 each. same (texts, texts): equal texts, the text itself among them, which are left out."""
    with torch.no_grad():
        target = (teacher @ teacher.T / temperature).masked_fill(same, -1e4).log_softmax(1)
    found = (student @ student.T / temperature).masked_fill(same, -1e4).log_softmax(1)
    return F.kl_div(found, target, reduction="none", log_target=True).sum(1)


def loss_of(vectors: torch.Tensor, batch, pool, own: dict) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """The weighted sum, and its parts. vectors: the student's, (texts, hidden), float32."""
    known, target = pool.known[batch.rows].float(), pool.target[batch.rows].float()
    keys = pool.keys[batch.rows]
    same = keys[:, None] == keys[None]
    n = batch.pairs
    weight = torch.ones(len(vectors), device=vectors.device)
    if batch.source in CODE:
        weight[: 2 * n] = own["onCode"]
    weight = weight / weight.sum()
    place = order = 0.0
    for size in own["matryoshka"]:
        mine = F.normalize(vectors[:, :size], dim=-1)
        place = place + ((1 - (mine * F.normalize(target[:, :size], dim=-1)).sum(-1)) * weight).sum()
        order = order + (order_loss(mine, known, own["temperature"], same) * weight).sum()
    count = len(own["matryoshka"])
    place, order = place / count, order / count
    same_q, same_d = same[:n, :n], same[n : 2 * n, n : 2 * n]
    if batch.source not in CODE:
        scores = known[:n] @ known[n : 2 * n].T
        same_d = same_d | (scores > scores.diagonal()[:, None])
    pairs = contrast.loss_of(vectors[:n], vectors[n : 2 * n], same_q, same_d, own["temperature"], own["matryoshka"])
    total = own["place"] * place + own["order"] * order + own["contrast"] * pairs
    return total, {"place": place.detach(), "order": order.detach(), "pairs": pairs.detach()}
