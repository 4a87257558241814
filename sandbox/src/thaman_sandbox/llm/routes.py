"""``POST /v1/chat/completions`` as OpenAI-compatible endpoints have it (no streaming), and its control."""

import asyncio
import hashlib
import json
from time import monotonic
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from thaman_sandbox.control.deps import World_
from thaman_sandbox.llm import answers
from thaman_sandbox.llm.asked import JsonObject, texts
from thaman_sandbox.llm.desk import Behaviour, Mode

router = APIRouter()
_LETTERS_PER_TOKEN = 4
_LOOK_SECONDS = 0.05


@router.post("/v1/chat/completions")
async def complete(world: World_, request: Request, body: dict[str, Any]) -> Response:
    """One answer of the model."""
    desk = world.llm
    desk.asked.append(body)
    behaviour = desk.behaviour
    if behaviour.mode is Mode.DOWN:
        return JSONResponse({"error": {"message": "The model is out of service.", "type": "server_error"}}, 503)
    if behaviour.mode is Mode.SLOW:
        await _dawdle(request, behaviour.slow_seconds)
    return JSONResponse(_completion(body, _message(behaviour.mode, body), says_usage=behaviour.says_usage))


@router.get("/_sandbox/llm")
async def get_behaviour(world: World_) -> Behaviour:
    """How the model behaves."""
    return world.llm.behaviour


@router.put("/_sandbox/llm")
async def put_behaviour(world: World_, body: Behaviour) -> Behaviour:
    """Let the model behave otherwise; requests that are being answered keep to what was."""
    world.llm.behaviour = body
    return body


@router.get("/_sandbox/llm/requests")
async def requests(world: World_) -> list[dict[str, Any]]:
    """The last requests as they came, oldest first."""
    return list(world.llm.asked)


@router.delete("/_sandbox/llm/requests")
async def forget_requests(world: World_) -> JsonObject:
    """Forget them."""
    world.llm.asked.clear()
    return {"requests": 0}


async def _dawdle(request: Request, seconds: float) -> None:
    """Take so long, or as long as somebody still waits for the answer."""
    end = monotonic() + seconds
    while monotonic() < end and not await request.is_disconnected():  # noqa: ASYNC110 - there is no event of it
        await asyncio.sleep(min(_LOOK_SECONDS, max(end - monotonic(), 0)))


def _message(mode: Mode, request: JsonObject) -> JsonObject:
    if mode is Mode.MALFORMED:
        return {"content": 'Of course! Here is the JSON: {"items": [{"item": "i1", '}
    if mode is Mode.REFUSING:
        return {"content": None, "refusal": "I cannot help with that."}
    return answers.obedient(request) if mode is Mode.OBEDIENT else answers.sensible(request)


def _completion(request: JsonObject, message: JsonObject, *, says_usage: bool) -> JsonObject:
    canonical = json.dumps(request, sort_keys=True, ensure_ascii=False)
    answer: JsonObject = {
        "id": f"chatcmpl-{hashlib.sha256(canonical.encode()).hexdigest()[:24]}",
        "object": "chat.completion",
        "created": 0,
        "model": request.get("model"),
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", **message},
                "finish_reason": "tool_calls" if message.get("tool_calls") else "stop",
            }
        ],
    }
    if says_usage:
        sent = sum(map(len, texts(request))) // _LETTERS_PER_TOKEN + 1
        received = len(json.dumps(message, ensure_ascii=False)) // _LETTERS_PER_TOKEN + 1
        tokens = {"prompt_tokens": sent, "completion_tokens": received, "total_tokens": sent + received}
        answer["usage"] = tokens
    return answer
