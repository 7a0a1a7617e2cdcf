"""The link that a refusal carries leads, on the running server, to a page that explains it; in XML as in JSON."""

from __future__ import annotations

import time
import uuid
from urllib.parse import urlencode
from xml.etree import ElementTree

import httpx

from tests.clients.server import REGION, VPC, Server
from weir.contract.sign import Credentials, v1_signature, v1_text
from weir.model.failures import ILLEGAL_PARAM_TRAFFIC_PATH

WANTED = {
    "RegionId": REGION,
    "ResourceType": "VPC",
    "ResourceId": "vpc-1",
    "TrafficType": "All",
    "TrafficPath.1": "nowhere",
}


def asked(server: Server, form: str) -> httpx.Response:
    """CreateFlowLog over raw HTTP, signed with version 1; an empty ``form`` leaves ``Format`` out."""
    credentials = Credentials(*server.key, REGION)
    said = {
        "Action": "CreateFlowLog",
        "Version": VPC,
        "AccessKeyId": credentials.access_key_id,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": str(uuid.uuid4()),
        "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        **WANTED,
        **({"Format": form} if form else {}),
    }
    said["Signature"] = v1_signature(credentials.access_key_secret, v1_text("GET", said))
    with httpx.Client(trust_env=False) as client:
        return client.get(f"http://{server.address}/?{urlencode(said)}")


def test_the_link_explains_the_refusal(server: Server) -> None:
    failure = ILLEGAL_PARAM_TRAFFIC_PATH
    as_json = asked(server, "json")
    assert (as_json.status_code, as_json.json()["Code"]) == (failure.status, failure.code)
    for form in ("XML", ""):
        as_xml = asked(server, form)
        assert (as_xml.status_code, as_xml.headers["content-type"]) == (failure.status, "text/xml;charset=utf-8")
        root = ElementTree.fromstring(as_xml.content)
        told = {child.tag: child.text for child in root}
        assert (root.tag, told["Code"], told["Message"]) == ("Error", failure.code, failure.message)
        assert told["Recommend"] == as_json.json()["Recommend"]
    with httpx.Client(trust_env=False) as client:
        page = client.get(as_json.json()["Recommend"])
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    for text in (failure.code, failure.message, failure.zh):
        assert text in page.text


def test_an_unknown_format_is_refused(server: Server) -> None:
    answer = asked(server, "YAML")
    assert ElementTree.fromstring(answer.content).findtext("Code") == "InvalidParameter.Format"
