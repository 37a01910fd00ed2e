"""The AsyncAPI document of all contracts, from the view of an integrator: he sends requests, receives facts and answers.

`scripts/contracts_docs.py` writes it to `contracts/asyncapi.yaml`.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from services.chassis.contracts import example, names, schema

HEAD: Final = Path(__file__).with_name("asyncapi_head.yaml")
NOTE: Final = "# Made of the schemas beside it by `python -m scripts.contracts_docs`: change those, not this.\n"
JSON_SCHEMA: Final = "application/schema+json;version=draft-2020-12"
STRUCTURED: Final = "application/cloudevents+json"
AMQP: Final = "0.3.0"

Part = dict[str, Any]


def asyncapi() -> str:
    """The document, as YAML."""
    return NOTE + yaml.safe_dump(_document(), sort_keys=False, allow_unicode=True, width=140)


def _document() -> Part:
    contracts = {key_of(name): schema(name) for name in names()}
    head: Part = yaml.safe_load(HEAD.read_text(encoding="utf-8"))
    return {
        **head,
        "channels": {key: _channel(key, contract) for key, contract in contracts.items()} | {"reply": _reply_channel(contracts)},
        "operations": {_operation_id(key, contract): _operation(key, contract, contracts) for key, contract in _offered(contracts)},
        "components": {
            "messages": {key_of(name): _message(name) for name in names()},
            "securitySchemes": {"user": {"type": "userPassword", "description": "A user of the broker with the least rights."}},
        },
    }


def _channel(key: str, contract: Mapping[str, Any]) -> Part:
    exchange = {"name": contract["x-deltag-exchange"], "type": "topic", "durable": True, "autoDelete": False}
    return {
        "address": contract["x-deltag-type"],
        "title": contract["title"],
        "messages": {key: {"$ref": f"#/components/messages/{key}"}},
        "bindings": {"amqp": {"is": "routingKey", "exchange": exchange, "bindingVersion": AMQP}},
    }


def _reply_channel(contracts: Mapping[str, Mapping[str, Any]]) -> Part:
    return {
        "title": "Reply queue",
        "description": "The sender's own queue, which he names in `reply_to`. Each answer has the correlation id that he set.",
        "messages": {key: {"$ref": f"#/components/messages/{key}"} for key in _answers(contracts.values(), contracts)},
    }


def _answers(requests: Iterable[Mapping[str, Any]], contracts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    types = {answer for contract in requests for answer in contract.get("x-deltag-answers", ())}
    return [key for key, contract in contracts.items() if contract["x-deltag-type"] in types]


def _offered(contracts: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    """What an integrator may do; the sealed contact cards are for notifications alone."""
    return [(key, contract) for key, contract in contracts.items() if contract["x-deltag-classification"] != "restricted"]


def _operation_id(key: str, contract: Mapping[str, Any]) -> str:
    return _action(contract) + key[0].upper() + key[1:]


def _action(contract: Mapping[str, Any]) -> str:
    return "send" if contract["x-deltag-kind"] == "request" else "receive"


def _operation(key: str, contract: Mapping[str, Any], contracts: Mapping[str, Mapping[str, Any]]) -> Part:
    operation: Part = {
        "action": _action(contract),
        "summary": contract["title"],
        "channel": {"$ref": f"#/channels/{key}"},
        "messages": [{"$ref": f"#/channels/{key}/messages/{key}"}],
    }
    answers = _answers([contract], contracts)
    return {**operation, **_reply(answers)} if answers else operation


def _reply(answers: list[str]) -> Part:
    address = {"location": "$message.header#/reply_to", "description": "The AMQP property `reply_to`: the sender's own queue."}
    return {
        "bindings": {"amqp": {"deliveryMode": 2, "mandatory": True, "bindingVersion": AMQP}},
        "reply": {
            "address": address,
            "channel": {"$ref": "#/channels/reply"},
            "messages": [{"$ref": f"#/channels/reply/messages/{answer}"} for answer in answers],
        },
    }


def _message(name: str) -> Part:
    contract = schema(name)
    inside = {"type": {"const": contract["x-deltag-type"]}, "data": {"$ref": f"./{name}.schema.json"}}
    whole = {"allOf": [{"$ref": "./cloudevent.schema.json"}, {"type": "object", "properties": inside}]}
    return {
        "name": contract["x-deltag-type"],
        "title": contract["title"],
        "summary": contract["description"],
        "contentType": STRUCTURED,
        "correlationId": {"location": "$message.payload#/correlationid", "description": "The same on all that goes back to one request."},
        "payload": {"schemaFormat": JSON_SCHEMA, "schema": whole},
        "bindings": {"amqp": {"contentEncoding": "utf-8", "messageType": contract["x-deltag-type"], "bindingVersion": AMQP}},
        "examples": [{"name": "valid", "payload": example(name)}],
    }


def key_of(name: str) -> str:
    """`enrolment.withdrawal-requested/v1` as `enrolmentWithdrawalRequested`; later versions keep their number."""
    stem, version = name.split("/")
    first, *rest = re.split(r"[.-]", stem)
    return first + "".join(word.capitalize() for word in rest) + ("" if version == "v1" else version.upper())
