"""Records what a process tree does to the files below one directory, and makes the disks that a power failure could leave.

The recorder is strace: it sees every write of every library, of SQLite, of stdio in a PKCS#11 module. From its log come
events in one order; `Recording.disk_after()` replays them up to a moment and lets whatever was not yet synced reach the
disk or not: writes sector by sector, names one by one. What strace cannot see (a memory map) is found by `differences()`:
a replay of everything must give the files that are really there.
"""

import os
import re

SECTOR = 512
CALLS = ("openat,open,creat,read,pread64,write,pwrite64,writev,pwritev,pwritev2,lseek,ftruncate,truncate,fsync,fdatasync,"
         "rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat,"
         "copy_file_range,sendfile,fallocate")
IGNORED = re.compile(r"-shm$")  # SQLite's index of the log: shared memory, made anew at every start

HEX = r'((?:\\x[0-9a-f]{2})*)'
DESCRIPTOR = re.compile(rf"(?:(\d+)|AT_FDCWD)<{HEX}>(\(deleted\))?")
STRING = re.compile(rf'"{HEX}"(\.\.\.)?')
RESULT = re.compile(r"\) += (-?\d+)(?:<" + HEX + r">)?")


def command(log):
    """What to put in front of the program so that its file operations go to `log`, a file that appears when all of its
    processes have ended."""
    return ["strace", "-D", "-f", "-qq", "-y", "-xx", "-s", "4000000", "--seccomp-bpf", "-ttt", "-e", "signal=none",
            "-e", "trace=" + CALLS, "-o", f"|cat >{log}.part && mv {log}.part {log}"]


def unhex(text):
    return bytes.fromhex(text.replace("\\x", ""))


class Event:
    __slots__ = ("kind", "time", "inode", "data", "offset", "name", "other")

    def __init__(self, kind, time, inode, data=b"", offset=0, name="", other=None):
        self.kind, self.time, self.inode = kind, time, inode
        self.data, self.offset, self.name, self.other = data, offset, name, other


class Tree:
    """Directories and files by inode number; 0 is the root. A file is a bytearray, a directory a dict."""

    def __init__(self):
        self.inodes = {0: {}}

    def apply(self, event, data=None, skip=0):
        """Replays one event, or a sector of one. What no longer has a name to act on is passed over."""
        kind, inodes = event.kind, self.inodes
        if kind == "make":
            inodes[event.other] = {} if event.data == b"directory" else bytearray()
            return
        target = inodes[event.inode]
        if kind == "link":
            target[event.name] = event.other
        elif kind == "unlink":
            target.pop(event.name, None)
        elif kind == "rename":
            if event.name in target:
                target[event.other] = target.pop(event.name)
        elif kind == "exchange":
            if event.name in target and event.other in target:
                target[event.name], target[event.other] = target[event.other], target[event.name]
        elif kind == "truncate":
            del target[event.offset:]
            target.extend(bytes(event.offset - len(target)))
        elif kind == "write":
            data, at = event.data if data is None else data, event.offset + skip
            if len(target) < at:
                target.extend(bytes(at - len(target)))
            target[at:at + len(data)] = data

    def find(self, path):
        """The inode of a path relative to the root, or None."""
        inode = 0
        for part in path.split("/") if path else []:
            entries = self.inodes[inode]
            inode = entries.get(part) if isinstance(entries, dict) else None
            if inode is None:
                return None
        return inode

    def files(self, inode=0, prefix=""):
        """(path, content) of every file and (path, None) of every directory."""
        for name, child in self.inodes[inode].items():
            content = self.inodes[child]
            if isinstance(content, dict):
                yield prefix + name, None
                yield from self.files(child, prefix + name + "/")
            elif not IGNORED.search(name):
                yield prefix + name, bytes(content)


class Recording:
    """The events of logs, one after the other. `unsynced`: a pattern of paths whose syncs are taken out, the planted fault."""

    def __init__(self, logs, root, unsynced=None):
        self.root = os.path.realpath(root)
        self.unsynced = re.compile(unsynced) if unsynced else None
        self.events = []
        self.syncs = []  # (position in events where it was done, inode, position where it was begun)
        self.live = Tree()
        self.positions = {}  # (inode, descriptor) -> [offset, appends]
        self.next_inode = 1
        for log in logs:
            with open(log) as lines:
                self.read_log(lines)

    def read_log(self, lines):
        begun = {}
        for line in lines:
            pid, time, rest = line.rstrip("\n").split(None, 2)
            if rest.endswith("<unfinished ...>"):
                begun[pid] = (rest[:-len("<unfinished ...>")], len(self.events))
                continue
            start = len(self.events)
            if rest.startswith("<... "):
                head, start = begun.pop(pid)
                rest = head + rest.split(" resumed>", 1)[1]
            if rest[0] not in "+-":
                self.call(rest, float(time), start)

    def add(self, *event, **fields):
        self.events.append(Event(*event, **fields))
        self.live.apply(self.events[-1])

    def inside(self, path):
        """The path relative to the root, or None for files elsewhere."""
        text = os.path.normpath(path.decode(errors="surrogateescape"))
        if text == self.root:
            return ""
        return text[len(self.root) + 1:] if text.startswith(self.root + "/") else None

    def call(self, text, time, start):
        result = RESULT.search(text)
        if result is None or int(result[1]) < 0:
            return  # failed, or the process ended in it: nothing was done that must be there
        name = text[:text.index("(")]
        handler = getattr(self, "on_" + {"pwrite64": "write", "fdatasync": "fsync", "open": "openat", "creat": "openat",
                                         "pread64": "ignore", "unlinkat": "unlink", "rmdir": "unlink",
                                         "mkdirat": "mkdir", "renameat": "rename", "renameat2": "rename"}.get(name, name),
                          None)
        if handler is not None:
            handler(name, text, int(result[1]), result, time, start)
        elif any(self.inside(unhex(found[1])) for found in STRING.finditer(text)) or self.descriptor(text) is not None:
            raise AssertionError("the recorder does not know " + text[:120])

    def descriptor(self, text):
        """(inode, descriptor) of a call's first argument if it is a file of ours that still has a name."""
        found = DESCRIPTOR.search(text)
        if found is None or found[1] is None or found[3]:
            return None
        path = self.inside(unhex(found[2]))
        inode = None if path is None else self.live.find(path)
        return None if inode is None else (inode, int(found[1]))

    def paths(self, text):
        """The path arguments of a call as [(inode of the directory, name)]; None for each that is elsewhere."""
        out = []
        for found in STRING.finditer(text):
            path = unhex(found[1])
            if not path.startswith(b"/"):
                bases = [base for base in DESCRIPTOR.finditer(text) if base.end() <= found.start()]
                if not bases:
                    out.append(None)  # relative to a directory that the call does not name: none of ours does that
                    continue
                path = unhex(bases[-1][2]) + b"/" + path
            inside = self.inside(path)
            if not inside:
                out.append(None)
                continue
            folder, name = os.path.split(inside)
            inode = self.live.find(folder)
            out.append(None if inode is None else (inode, name))
        return out

    def on_ignore(self, *_):
        pass

    def on_openat(self, name, text, value, result, time, start):
        path = self.inside(unhex(result[2] or ""))
        if not path:
            return
        inode = self.live.find(path)
        if inode is None:
            if "O_CREAT" not in text and name != "creat":
                return  # a socket, or shared memory
            inode = self.make(path, b"file", time)
        elif "O_TRUNC" in text or name == "creat":
            self.add("truncate", time, inode)
        self.positions[inode, value] = [0, "O_APPEND" in text]

    def make(self, path, what, time):
        folder, name = os.path.split(path)
        inode, self.next_inode = self.next_inode, self.next_inode + 1
        self.add("make", time, 0, data=what, other=inode)
        self.add("link", time, self.live.find(folder), name=name, other=inode)
        return inode

    def on_read(self, name, text, value, result, time, start):
        file = self.descriptor(text)
        if file in self.positions:
            self.positions[file][0] += value

    def on_lseek(self, name, text, value, result, time, start):
        file = self.descriptor(text)
        if file in self.positions:
            self.positions[file][0] = value

    def on_write(self, name, text, value, result, time, start):
        file = self.descriptor(text)
        if file is None:
            return
        data = STRING.search(text)
        assert data and not data[2], text[:120]
        position = self.positions[file]
        if name == "pwrite64":
            offset = int(text[:result.start()].rsplit(", ", 1)[1])
        else:
            offset = len(self.live.inodes[file[0]]) if position[1] else position[0]
            position[0] = offset + value
        self.add("write", time, file[0], data=unhex(data[1])[:value], offset=offset)

    def on_ftruncate(self, name, text, value, result, time, start):
        file = self.descriptor(text)
        if file is not None:
            self.add("truncate", time, file[0], offset=int(text[:result.start()].rsplit(", ", 1)[1]))

    def on_fallocate(self, name, text, value, result, time, start):
        assert self.descriptor(text) is None or "KEEP_SIZE" in text, text

    def on_fsync(self, name, text, value, result, time, start):
        file = self.descriptor(text)
        path = unhex(DESCRIPTOR.search(text)[2]).decode(errors="replace")
        if file is not None and not (self.unsynced and self.unsynced.search(path)):
            self.syncs.append((len(self.events), file[0], start))

    def on_mkdir(self, name, text, value, result, time, start):
        (place,) = self.paths(text)
        if place:
            inode, self.next_inode = self.next_inode, self.next_inode + 1
            self.add("make", time, 0, data=b"directory", other=inode)
            self.add("link", time, place[0], name=place[1], other=inode)

    def on_unlink(self, name, text, value, result, time, start):
        (place,) = self.paths(text)
        if place and place[1] in self.live.inodes[place[0]]:
            self.add("unlink", time, place[0], name=place[1])

    def on_rename(self, name, text, value, result, time, start):
        old, new = self.paths(text)
        if old is None and new is None:
            return
        assert old and new and old[0] == new[0], "a rename across directories: " + text[:200]
        self.add("exchange" if "EXCHANGE" in text else "rename", time, old[0], name=old[1], other=new[1])

    def differences(self):
        """Paths where a replay of everything is not what lies on the disk now."""
        recorded = dict(self.live.files())
        found = {}
        for folder, folders, names in os.walk(self.root):
            relative = os.path.relpath(folder, self.root)
            prefix = "" if relative == "." else relative + "/"
            found.update({prefix + name: None for name in folders})
            for name in names:
                if os.path.isfile(os.path.join(folder, name)) and not IGNORED.search(name):
                    with open(os.path.join(folder, name), "rb") as file:
                        found[prefix + name] = file.read()
        return sorted(path for path in recorded.keys() | found.keys()
                      if path not in recorded or path not in found or recorded[path] != found[path])

    def disk_after(self, end, chance):
        """The tree after a power failure behind event `end`."""
        synced = {}
        for done, inode, begun in self.syncs:
            if done <= end:
                synced[inode] = max(synced.get(inode, 0), begun)
        odds = chance.choice((0.0, 1.0, 0.1, 0.5, 0.9))  # that what is not synced reached the disk
        whole_files = chance.random() < 0.5  # a disk that is late with a file is late with all of it
        luck = {}

        def reached(inode):
            if whole_files:
                return luck.setdefault(inode, chance.random() < odds)
            return chance.random() < odds
        disk = Tree()
        for index, event in enumerate(self.events[:end]):
            if event.kind == "make" or index < synced.get(event.inode, 0):
                disk.apply(event)
            elif event.kind == "write":
                for skip in range(0, len(event.data), SECTOR):
                    if reached(event.inode):
                        disk.apply(event, event.data[skip:skip + SECTOR], skip)
            elif reached(event.inode):
                disk.apply(event)
        return disk


def write_tree(tree, root):
    """Puts a tree on the real disk below `root`, an empty directory; private to this user."""
    for path, content in tree.files():
        full = os.path.join(root, path)
        if content is None:
            os.mkdir(full, 0o700)
        else:
            with open(os.open(full, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
