"""Builds a plan of hosts by mininet. Its namespaces are those of processes that
end with it, so it says when it is done, then where they are, and waits to be
told to stop. The first namespace of a star, with the bridge, is the one that it
was started in, as mininet has it. A bridge takes only ports that are called
after it; those are renamed once it is done."""

import json
import sys

from mininet.log import setLogLevel
from mininet.net import Mininet
from mininet.nodelib import LinuxBridge

setLogLevel("error")
plan = json.load(open(sys.argv[1]))
net = Mininet(controller=None, switch=LinuxBridge, waitConnected=False)
nodes = {}
routes = {route["space"]: route for route in plan["routes"]}
bridge = plan["rooms"][0]["links"]
for number, name in enumerate(plan["spaces"]):
    if number == 0 and bridge:
        nodes[number] = net.addSwitch(bridge[0]["name"])
        continue
    options = {"ip": None}
    if number in routes:
        options["defaultRoute"] = "dev %(dev)s via %(via)s" % routes[number]
    nodes[number] = net.addHost(name, **options)
ports = {}
for room in plan["rooms"]:
    for pair in room["near"]:
        near, far = pair["near"], pair["far"]
        name = near["name"]
        if near["master"]:
            name = near["master"] + "-" + name
            ports[name] = near["name"]
        net.addLink(
            nodes[near["space"]], nodes[far["space"]], intfName1=name, intfName2=far["name"],
            params1={"ip": "".join(near["addrs"]) or None}, params2={"ip": "".join(far["addrs"]) or None})
net.start()
if bridge:
    nodes[0].cmd("ip link set lo up")
    for prefix in bridge[0]["addrs"]:
        nodes[0].cmd("ip addr add", prefix, "dev", bridge[0]["name"])
print("done", flush=True)
for old, new in ports.items():
    nodes[0].cmd("ip link set dev", old, "name", new)
print(json.dumps({name: nodes[number].pid for number, name in enumerate(plan["spaces"])}), flush=True)
sys.stdin.read()
net.stop()
