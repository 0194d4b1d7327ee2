"""OpenStack Swift with its S3 API in one process: swift_server.py <port> <folder> <account>:<user> <secret>.

Swift's own programs want four processes, configuration in /etc/swift and seconds to import the same modules four times.
Its rings only say where the one device is, so they are made anew at each start, for ports that are free now.
"""
import json
import os
import sys
from time import time as now

port, folder, access_key, secret_key = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
account, user = access_key.split(':')
devices = os.path.join(folder, 'devices')
os.makedirs(os.path.join(devices, 'd1'), exist_ok=True)
try:
    os.setxattr(os.path.join(devices, 'd1'), 'user.swift', b'probe')
except OSError as error:
    print('Swift keeps metadata in extended attributes, and %s has none (%s): set TMPDIR to a folder that has them.' % (folder, error))
    sys.exit(126)


def write(name, text):
    path = os.path.join(folder, name)
    with open(path, 'w') as file:
        file.write(text)
    return path


write('swift.conf', """
[swift-hash]
swift_hash_path_prefix = mlops
swift_hash_path_suffix = mlops
[storage-policy:0]
name = only
default = yes
""")

from swift.common import utils  # noqa: E402

# Before anything else is imported: constraints and policies are read from this folder at import.
utils.set_swift_dir(folder)
utils.eventlet_monkey_patch()

import eventlet  # noqa: E402
import eventlet.wsgi  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402
from swift.common.wsgi import SwiftHttpProtocol, loadapp  # noqa: E402

eventlet.hubs.use_hub(utils.get_hub())
eventlet.debug.hub_exceptions(False)
utils.get_logger({}, log_to_console=True)


class Cache:
    """The part of memcached that the proxy asks for. Values go through JSON as they do there, so that nobody shares a list with it."""

    def __init__(self):
        self.entries = {}

    def set(self, key, value, serialize=True, time=0, **_):
        self.entries[key] = json.dumps(value), now() + time if time else None

    def get(self, key, **_):
        text, end = self.entries.get(key, ('null', None))
        return None if end is not None and end <= now() else json.loads(text)

    def delete(self, key, **_):
        self.entries.pop(key, None)

    def incr(self, key, delta=1, time=0):
        value = max(0, int(self.get(key) or 0) + int(delta))
        self.set(key, value, time=time)
        return value

    def decr(self, key, delta=1, time=0):
        return self.incr(key, -delta, time)

    def set_multi(self, mapping, server_key, serialize=True, time=0, **_):
        for key, value in mapping.items():
            self.set(key, value, time=time)

    def get_multi(self, keys, server_key, **_):
        return [self.get(key) for key in keys]


def with_cache(application):
    cache = Cache()

    def call(environment, start_response):
        environment['swift.cache'] = cache
        return application(environment, start_response)
    return call


def serve(socket, conf, wrap=lambda application: application):
    application = wrap(loadapp(conf, global_conf={'log_level': 'WARNING', 'swift_dir': folder}))
    return eventlet.spawn(
        eventlet.wsgi.server, socket, application, utils.NullLogger(), protocol=SwiftHttpProtocol,
        custom_pool=eventlet.GreenPool(1024), socket_timeout=60, capitalize_response_headers=False)


def listen(at):
    socket = eventlet.listen(('127.0.0.1', at), backlog=1024, reuse_port=False)
    socket.setsockopt(eventlet.green.socket.IPPROTO_TCP, eventlet.green.socket.TCP_NODELAY, 1)
    return socket


front = listen(port)
for kind in ('account', 'container', 'object'):
    socket = listen(0)
    ring = RingBuilder(part_power=4, replicas=1, min_part_hours=0)
    ring.add_dev({'id': 0, 'region': 1, 'zone': 1, 'weight': 1, 'ip': '127.0.0.1', 'port': socket.getsockname()[1], 'device': 'd1'})
    ring.rebalance()
    ring.get_ring().save(os.path.join(folder, kind + '.ring.gz'))
    serve(socket, write(kind + '-server.conf', """
[DEFAULT]
devices = %s
mount_check = false
disable_fallocate = true
[pipeline:main]
pipeline = app
[app:app]
use = egg:swift#%s
""" % (devices, kind)))

eventlet.sleep(0)
proxy = serve(front, write('proxy-server.conf', """
[pipeline:main]
pipeline = catch_errors gatekeeper listing_formats s3api tempauth copy bulk slo dlo versioned_writes symlink proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
check_bucket_owner = false
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_%s_%s = %s .admin
[filter:copy]
use = egg:swift#copy
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_object_versioning = true
[filter:symlink]
use = egg:swift#symlink
""" % (account, user, secret_key)), with_cache)
proxy.wait()
