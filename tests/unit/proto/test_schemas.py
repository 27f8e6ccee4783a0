"""The schemas agree with the examples that the C tests read."""

import json
import pathlib
import warnings

import jsonschema
import pytest

PROTO = pathlib.Path(__file__).resolve().parents[3] / "proto"
EXAMPLES = PROTO / "examples"
SCHEMAS = {
    path.name: json.loads(path.read_text(encoding="utf-8"))
    for path in PROTO.glob("*.schema.json")
}
ENVELOPE = SCHEMAS["envelope.schema.json"]


def bodies():
    """(type, is_reply) -> the reference of its body, as the envelope says."""
    refs = {}
    for rule in ENVELOPE["allOf"]:
        condition = rule.get("if", {}).get("properties", {})
        if "type" not in condition or rule["then"] is False:
            continue
        key = (condition["type"]["const"], "ok" in condition)
        refs[key] = rule["then"]["properties"]["body"]["$ref"]
    return refs


BODIES = bodies()


def validator(schema):
    try:
        from referencing import Registry, Resource

        registry = Registry().with_resources(
            (name, Resource.from_contents(s)) for name, s in SCHEMAS.items()
        )
        return jsonschema.Draft202012Validator(schema, registry=registry)
    except ImportError:  # Debian 12
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            resolver = jsonschema.RefResolver("", schema, store=SCHEMAS)
        return jsonschema.Draft202012Validator(schema, resolver=resolver)


def schema_of(name):
    stem = name.removesuffix(".json")
    for mark in (".bad-", ".ok-"):
        stem = stem.split(mark)[0]
    if stem == "envelope":
        return ENVELOPE
    is_reply = stem.endswith(".reply")
    return {"$ref": BODIES[stem.removesuffix(".reply"), is_reply]}


def accepts(path):
    text = path.read_text(encoding="utf-8")
    return validator(schema_of(path.name)).is_valid(json.loads(text))


def good_examples():
    return sorted(
        path for path in EXAMPLES.glob("*.json") if ".bad-" not in path.name
    )


def bad_rows():
    for line in (EXAMPLES / "bad.tsv").read_text().splitlines():
        if not line.startswith("#"):
            yield line.split("\t")[:3]


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_schema_is_a_schema(name):
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])


@pytest.mark.parametrize("path", good_examples(), ids=lambda p: p.name)
def test_good_example_is_accepted(path):
    text = path.read_text(encoding="utf-8")
    validator(schema_of(path.name)).validate(json.loads(text))


@pytest.mark.parametrize(
    "name", [row[0] for row in bad_rows() if row[2] == "yes"]
)
def test_bad_example_is_refused(name):
    assert not accepts(EXAMPLES / name)


@pytest.mark.parametrize(
    "name", [row[0] for row in bad_rows() if row[2] == "no"]
)
def test_only_the_decoder_can_refuse(name):
    """Should one of these be refused some day, its row says "yes"."""
    try:
        assert accepts(EXAMPLES / name)
    except json.JSONDecodeError:
        pass


def test_a_published_message_has_no_reply():
    reply = json.loads((EXAMPLES / "envelope.ok-reply.json").read_text())
    reply["type"] = "delivery.ready"
    assert not validator(ENVELOPE).is_valid(reply)


def test_every_type_has_its_delivery_promise():
    readme = (PROTO / "README.md").read_text(encoding="utf-8")
    promises = readme.split("## Delivery promises")[1].split("\n## ")[0]
    types = {type for type, is_reply in BODIES}
    assert {type for type in types if f"`{type}`" not in promises} == set()
