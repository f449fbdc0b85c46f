"""Builds a plan by pyroute2: all namespaces first, then what is in each, in one
connection to it, both ends of a pair by one request."""

import json
import sys

from pyroute2 import NetNS, netns

plan = json.load(open(sys.argv[1]))
names = plan["spaces"]
for name in names:
    netns.create(name)


def finish(ns, end):
    index = ns.link_lookup(ifname=end["name"])[0]
    options = {"index": index, "state": "up"}
    if end["master"]:
        options["master"] = ns.link_lookup(ifname=end["master"])[0]
    ns.link("set", **options)
    address(ns, index, end["addrs"])


def address(ns, index, addrs):
    for prefix in addrs:
        ip, length = prefix.split("/")
        ns.addr("add", index=index, address=ip, prefixlen=int(length))


for number, room in enumerate(plan["rooms"]):
    with NetNS(names[number]) as ns:
        ns.link("set", index=1, state="up")
        for link in room["links"]:
            ns.link("add", ifname=link["name"], kind=link["kind"], state="up")
            address(ns, ns.link_lookup(ifname=link["name"])[0], link["addrs"])
        for pair in room["near"]:
            near, far = pair["near"], pair["far"]
            peer = {"ifname": far["name"]}
            if far["space"] != number:
                peer["net_ns_fd"] = names[far["space"]]
            ns.link("add", ifname=near["name"], kind="veth", peer=peer)
            finish(ns, near)
        for end in room["far"]:
            finish(ns, end)
        for route in room["routes"]:
            ns.route("add", dst=route["to"], gateway=route["via"], oif=ns.link_lookup(ifname=route["dev"])[0])
