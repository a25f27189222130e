"""What several test files need: where things lie, and a small real checkpoint."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# No property is about time: a busy machine must not fail it.
settings.register_profile(
    "thoisu", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60
)
settings.load_profile("thoisu")

ROOT = Path(__file__).parents[1]
BUNDLED = ROOT / "models" / "thoisu-small"
ARTICLE = ROOT / "data" / "article"


@pytest.fixture(scope="session")
def news() -> Path:
    """The folder of real news, whose text the project may not hold."""
    folder = Path(os.environ.get("NEWS", ROOT.parent / "shared" / "news"))
    if not (folder / "train.jsonl").exists():
        pytest.skip("real news is not here (set NEWS to its folder)")
    return folder


@pytest.fixture(scope="session")
def phobert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A randomly initialised checkpoint in PhoBERT's format: the real vocabulary, tiny layers."""
    import torch
    from transformers import PhobertTokenizer, RobertaConfig, RobertaForMaskedLM

    folder = tmp_path_factory.mktemp("phobert")
    tokenizer = PhobertTokenizer(str(BUNDLED / "vocab.txt"), str(BUNDLED / "bpe.codes"))
    torch.manual_seed(0)
    config = RobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=258,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
        bos_token_id=0,
        pad_token_id=1,
        eos_token_id=2,
        tokenizer_class="PhobertTokenizer",
    )
    RobertaForMaskedLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
