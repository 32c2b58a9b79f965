"""The network: one encoding of a text, asked by one query per target.

text -encoder-> tokens -<- attention -<- one query per target -> 4 stance logits each
             \\-> pooled -> relevance, topics, flags

A target's query is the pooled encoding of its description: targets come in words, and a new one
needs no training. benchmarks/architectures.py compares it with an encoder of pairs.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers import BertConfig, BertModel

STANCES = 4


class QueryAttentionNetwork(nn.Module):
    """One encoding of the text, asked by one query per target.

    forward: input_ids and attention_mask (B, L), queries (T, H) ->
    stance logits (B, T, 4), document logits (B, `document_outputs`), pooled text (B, H).
    """

    def __init__(self, config: BertConfig, document_outputs: int, dropout: float = 0.1) -> None:
        super().__init__()
        hidden = config.hidden_size
        self.encoder = BertModel(config, add_pooling_layer=False)
        # torch's fused attention is slow backwards on a CPU in bfloat16: a third of the time.
        self.encoder.set_attn_implementation("eager")
        self.query = nn.Sequential(nn.LayerNorm(hidden), nn.Linear(hidden, hidden))
        self.reading = TargetAttention(hidden, config.num_attention_heads, dropout)
        self.stance = head(hidden, STANCES, dropout)
        self.document = head(hidden, document_outputs, dropout)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, queries: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Shapes as in the class's docstring."""
        tokens = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        pooled = mean_of_tokens(tokens, attention_mask)
        state = self.query(queries).unsqueeze(0).expand(tokens.shape[0], -1, -1)
        hidden_from = attention_mask == 0
        state = self.reading(state, tokens, hidden_from)
        whole = torch.cat([pooled, tokens[:, 0]], dim=-1)
        beside = pooled.unsqueeze(1).expand(-1, state.shape[1], -1)
        stances = self.stance(torch.cat([state, beside], dim=-1))
        return stances, self.document(whole), pooled

    def queries(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """The queries (T, H) of tokenised target descriptions (T, L)."""
        tokens = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        return mean_of_tokens(tokens, attention_mask)


class TargetAttention(nn.Module):
    """A query reads the tokens of a text: attention and a feed-forward step, normalised before each."""

    def __init__(self, hidden: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention = nn.LayerNorm(hidden)
        self.ask = nn.Linear(hidden, hidden)
        self.key = nn.Linear(hidden, hidden)
        self.value = nn.Linear(hidden, hidden)
        self.answer = nn.Linear(hidden, hidden)
        self.before_step = nn.LayerNorm(hidden)
        self.step = nn.Sequential(
            nn.Linear(hidden, 2 * hidden), nn.GELU(), nn.Linear(2 * hidden, hidden)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, state: Tensor, tokens: Tensor, hidden_from: Tensor) -> Tensor:
        """State (B, T, H), tokens (B, L, H), hidden_from (B, L) -> state (B, T, H)."""
        ask = self._split(self.ask(self.before_attention(state)))
        key, value = self._split(self.key(tokens)), self._split(self.value(tokens))
        scores = ask @ key.transpose(-1, -2) / (key.shape[-1] ** 0.5)
        scores = scores.masked_fill(hidden_from[:, None, None, :], -1e4)
        read = (self.dropout(scores.softmax(dim=-1)) @ value).transpose(1, 2).flatten(2)
        state = state + self.dropout(self.answer(read))
        return state + self.dropout(self.step(self.before_step(state)))

    def _split(self, rows: Tensor) -> Tensor:
        """(B, N, H) -> (B, heads, N, H / heads)."""
        return rows.unflatten(-1, (self.heads, -1)).transpose(1, 2)


def head(hidden: int, outputs: int, dropout: float) -> nn.Sequential:
    """From two vectors side by side (…, 2 H) to logits (…, outputs)."""
    return nn.Sequential(
        nn.LayerNorm(2 * hidden),
        nn.Linear(2 * hidden, hidden),
        nn.GELU(),
        nn.Dropout(dropout),
        nn.Linear(hidden, outputs),
    )


def mean_of_tokens(tokens: Tensor, attention_mask: Tensor) -> Tensor:
    """Mean over the tokens that are not padding: (B, L, H), (B, L) -> (B, H)."""
    weights = attention_mask.unsqueeze(-1).to(tokens.dtype)
    return (tokens * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1.0)
