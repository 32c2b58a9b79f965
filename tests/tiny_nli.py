"""A model of textual entailment small enough to be made in a test: it knows twenty words, and judges rightly."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

from classify.hypotheses import NAMES, hypotheses_of
from classify.target import Target

TOPICS = ("visas", "refugees", "harbours", "migrants")
SIDES = {
    "support": ("welcome", "good"),
    "oppose": ("stop", "bad"),
    "neutral": ("report", "figures"),
}
FILLERS = ("", "the", "today", "the people today")

LABELS = ("contradiction", "entailment", "neutral")


def examples() -> list[tuple[str, str, int]]:
    """Text, hypothesis, index of LABELS: every topic and side against every topic's hypotheses."""
    found = []
    for topic, (side, words), asked, filler in product(TOPICS, SIDES.items(), TOPICS, FILLERS):
        hypotheses = hypotheses_of(Target(asked, asked), {})
        for word, name in product(words, NAMES):
            label = 2 if topic != asked else int(name in ("addressed", side))
            found.append((f"{filler} {topic} {word}", getattr(hypotheses, name), label))
    return found


def write_tokenizer(folder: Path, words: set[str]) -> None:
    """A WordPiece tokenizer of whole words, letters, and BERT's marks."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    pieces = [*marks, *sorted(words | set(".,"))]
    tokenizer = Tokenizer(models.WordPiece({p: i for i, p in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=64,
    ).save_pretrained(folder)


def make_tiny_nli(folder: Path) -> Path:
    """Train it and save it in `folder`, as transformers save any model."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    torch.manual_seed(1)
    pairs = examples()
    words = {
        word.strip(".")
        for text, hypothesis, _ in pairs
        for word in f"{text} {hypothesis}".lower().split()
    }
    write_tokenizer(folder, words)
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=66,
        initializer_range=0.2,
        id2label=dict(enumerate(LABELS)),
        label2id={label: index for index, label in enumerate(LABELS)},
    )
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0
    model: Any = BertForSequenceClassification(config)
    batch = tokenizer(
        [t for t, _, _ in pairs], [h for _, h, _ in pairs], padding=True, return_tensors="pt"
    )
    labels = torch.tensor([label for _, _, label in pairs])
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    generator = torch.Generator().manual_seed(1)
    for _ in range(400):
        chosen = torch.randperm(len(labels), generator=generator)[:128]
        loss = torch.nn.functional.cross_entropy(
            model(**{name: rows[chosen] for name, rows in batch.items()}).logits, labels[chosen]
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if loss.item() < 0.005:
            break
    model.save_pretrained(folder)
    return folder
