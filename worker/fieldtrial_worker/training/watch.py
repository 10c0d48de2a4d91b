"""Whether training goes wrong, and the likely cause."""

import math

from ..errors import WorkerError

MISHANDLED = 50.0
"""A contrastive loss at the start from which on the vectors cannot be what the recipe means (chance gives the logarithm of the candidates)."""
LEFT = 1e-3
"""A loss below which a gradient may well be 0: the positives are told apart for certain."""
WINDOW = 20
"""Updates over which the loss is averaged."""
GROWN = 1.5
"""How far above its own start an averaged loss may be."""


class Watch:
    """Judges each update before its gradients are applied."""

    def __init__(self, temperature: float, normalize: bool, lr: float, losses=()):
        """@param losses Of the updates before a resume."""
        self._temperature, self._normalize, self._lr = temperature, normalize, lr
        self.losses = list(losses)
        """Of the first and the latest updates, as many as are looked at."""

    def look(self, step: int, loss: float, contrastive: float, norm: float, pool: float, lr: float):
        """@throws WorkerError ENGINE_FAILED with the likely cause in its hint."""
        if not math.isfinite(loss) or not math.isfinite(norm):
            what = f"the loss is {loss}" if not math.isfinite(loss) else f"the gradient's norm is {norm} (loss {loss:.3f})"
            raise WorkerError("ENGINE_FAILED", f"Training stopped at step {step}: {what}.", self._undefined(step, lr))
        if norm == 0 and loss > LEFT:
            raise WorkerError("ENGINE_FAILED", f"Training stopped at step {step}: the gradient is 0 although the loss is {loss:.3f}.", self._dead(step))
        if step <= 3 and contrastive > MISHANDLED:
            raise WorkerError("ENGINE_FAILED", f"Training stopped at step {step}: the loss starts at {contrastive:.1f}; chance among {pool:.0f} candidates gives {math.log(max(pool, 1)):.1f}.", self._mishandled())
        self.losses.append(loss)
        if len(self.losses) > 2 * WINDOW:
            del self.losses[WINDOW]
        if len(self.losses) == 2 * WINDOW:
            start, now = (sum(part) / WINDOW for part in (self.losses[:WINDOW], self.losses[WINDOW:]))
            if now > GROWN * start + 0.5:
                raise WorkerError("ENGINE_FAILED", f"Training stopped at step {step}: the loss has grown from {start:.2f} to {now:.2f}.", f"The learning rate of {self._lr:g} is likely too high: try a third of it, or a longer warm-up.{self._cold()}")

    def _undefined(self, step: int, lr: float) -> str:
        if step == 1:
            return f"It is so from the start: the weights may be damaged, or numbers overflow. Try precision float32.{self._cold()}"
        return f"The learning rate (now {lr:.2g}, {self._lr:g} at most) is likely too high: try a third of it, a longer warm-up, or a lower clip.{self._cold()}"

    def _dead(self, step: int) -> str:
        if step == 1:
            return "Vectors do not depend on what is trained: look at the adapter's targets and the recipe's layer."
        return f"All texts have come to the same vector: the learning rate of {self._lr:g} is likely too high. Try a third of it, or a longer warm-up."

    def _cold(self) -> str:
        return f" The temperature of {self._temperature:g} is very low." if self._temperature < 0.005 else ""

    def _mishandled(self) -> str:
        if not self._normalize:
            return "Vectors are not normalised: scores are large. Set normalize: true, or a temperature to match."
        cold = f" A temperature of {self._temperature:g} may be too low." if self._temperature < 0.01 else ""
        return f"Most likely another token is pooled than is meant (an end-of-text token that is missing, doubled, or cut off), or query and passage come with other prompts than the model knows. Look at `fieldtrial recipe show`.{cold}"


def require_different(spread: float, texts: int):
    """@param spread Largest difference between the vectors of texts that differ. @throws WorkerError where all are the same."""
    if texts > 1 and spread < 1e-6:
        raise WorkerError(
            "ENGINE_FAILED",
            f"All {texts} texts of the first step have the same vector.",
            "The pooled token sees nothing of the text (the first token of a causal model, for one): look at pooling and attention of the recipe.",
        )
