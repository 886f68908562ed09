"""A real model that sees (LLaVA's shape, some hundred kilobytes) with random weights, made on the spot."""

from __future__ import annotations

from pathlib import Path

from tests.chatbot.local_model.tiny_llama import make_tiny_tokenizer

SIDE, PATCH = 56, 14
TEMPLATE = ("{% for message in messages %}<|im_start|>{{ message['role'] }}\n{% for part in message['content'] %}"
            "{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}{% endfor %}<|im_end|>\n"
            "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}")


def make_tiny_eyes(folder: Path, *, chat: bool = True) -> Path:
    """Config, safetensors, tokenizer and processor in `folder`; without `chat` there is no chat template."""
    import torch
    from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration, LlavaProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    tokenizer = make_tiny_tokenizer(chat=False)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<image>"]})
    looks = CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})
    LlavaProcessor(looks, tokenizer, patch_size=PATCH, vision_feature_select_strategy="default", image_token="<image>",
                   num_additional_image_tokens=1, chat_template=TEMPLATE if chat else None).save_pretrained(folder)
    torch.manual_seed(0)
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(hidden_size=64, intermediate_size=128, num_hidden_layers=2, image_size=SIDE,
                                       num_attention_heads=2, patch_size=PATCH),
        text_config=LlamaConfig(vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=1,
                                num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=8_192,
                                eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"))
    LlavaForConditionalGeneration(config).save_pretrained(folder, safe_serialization=True)
    return folder
