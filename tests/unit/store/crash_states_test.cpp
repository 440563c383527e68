// Power failures: a recorder below SQLite keeps every write and sync; from its log, states of the disk are
// made in which writes not yet synced are missing, torn or out of order. No acknowledged transaction may be
// missing in any.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <random>
#include <set>

#include "tests/support/long_run.hpp"
#include "tests/unit/store/support.hpp"

namespace claviger::store {
namespace {

constexpr std::size_t kSector = 512;

enum class Kind { write, truncate, sync, remove, acknowledged };

struct Event {
    Kind kind;
    std::string file;  // or what was acknowledged
    std::size_t offset = 0;
    std::string bytes;
};

// What happened to the files, in order. SQLite calls from the store's writer thread.
class Recorder {
public:
    void add(Event event) {
        const std::lock_guard lock(mutex_);
        events_.push_back(std::move(event));
    }
    std::vector<Event> take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(events_, {});
    }

private:
    std::mutex mutex_;
    std::vector<Event> events_;
};

Recorder& recorder() {
    static Recorder instance;
    return instance;
}

// An SQLite file that passes everything on to the real one, which lies behind it in the same block of memory.
struct RecordedFile {
    sqlite3_file base;
    sqlite3_file* real;
    std::string* name;
};

RecordedFile* self(sqlite3_file* file) {
    return reinterpret_cast<RecordedFile*>(file);
}
sqlite3_file* real(sqlite3_file* file) {
    return self(file)->real;
}
sqlite3_vfs* real_vfs(sqlite3_vfs* vfs) {
    return static_cast<sqlite3_vfs*>(vfs->pAppData);
}

int file_close(sqlite3_file* file) {
    delete std::exchange(self(file)->name, nullptr);
    return real(file)->pMethods->xClose(real(file));
}
int file_write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
    recorder().add({Kind::write, *self(file)->name, static_cast<std::size_t>(offset),
                    std::string(static_cast<const char*>(data), static_cast<std::size_t>(size))});
    return real(file)->pMethods->xWrite(real(file), data, size, offset);
}
int file_truncate(sqlite3_file* file, sqlite3_int64 size) {
    recorder().add({Kind::truncate, *self(file)->name, static_cast<std::size_t>(size), {}});
    return real(file)->pMethods->xTruncate(real(file), size);
}
int file_sync(sqlite3_file* file, int flags) {
    const int code = real(file)->pMethods->xSync(real(file), flags);
    recorder().add({Kind::sync, *self(file)->name, 0, {}});
    return code;
}

const sqlite3_io_methods* recorded_methods() {
    static const sqlite3_io_methods methods = [] {
        sqlite3_io_methods m{};
        m.iVersion = 1;  // no shared memory, no memory map: all goes through xWrite
        m.xClose = file_close;
        m.xRead = [](sqlite3_file* f, void* p, int n, sqlite3_int64 o) {
            return real(f)->pMethods->xRead(real(f), p, n, o);
        };
        m.xWrite = file_write;
        m.xTruncate = file_truncate;
        m.xSync = file_sync;
        m.xFileSize = [](sqlite3_file* f, sqlite3_int64* n) {
            return real(f)->pMethods->xFileSize(real(f), n);
        };
        m.xLock = [](sqlite3_file* f, int l) { return real(f)->pMethods->xLock(real(f), l); };
        m.xUnlock = [](sqlite3_file* f, int l) { return real(f)->pMethods->xUnlock(real(f), l); };
        m.xCheckReservedLock = [](sqlite3_file* f, int* r) {
            return real(f)->pMethods->xCheckReservedLock(real(f), r);
        };
        m.xFileControl = [](sqlite3_file* f, int op, void* p) {
            return real(f)->pMethods->xFileControl(real(f), op, p);
        };
        m.xSectorSize = [](sqlite3_file*) { return static_cast<int>(kSector); };
        m.xDeviceCharacteristics = [](sqlite3_file*) { return 0; };  // nothing is atomic, nothing in order
        return m;
    }();
    return &methods;
}

int vfs_open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    RecordedFile* const recorded = self(file);
    recorded->real = reinterpret_cast<sqlite3_file*>(recorded + 1);
    const int code = real_vfs(vfs)->xOpen(real_vfs(vfs), name, recorded->real, flags, out_flags);
    recorded->base.pMethods = nullptr;
    if (code == SQLITE_OK) {
        recorded->base.pMethods = recorded_methods();
        recorded->name =
            new std::string(name == nullptr ? "" : std::filesystem::path(name).filename().string());
    }
    return code;
}
int vfs_delete(sqlite3_vfs* vfs, const char* name, int sync_directory) {
    recorder().add({Kind::remove, std::filesystem::path(name).filename().string(), 0, {}});
    return real_vfs(vfs)->xDelete(real_vfs(vfs), name, sync_directory);
}

// The default VFS with our files. Installed as default for the length of a test.
class RecordingVfs {
public:
    RecordingVfs() : original_(sqlite3_vfs_find(nullptr)), vfs_(*original_) {
        vfs_.zName = "recording";
        vfs_.szOsFile = static_cast<int>(sizeof(RecordedFile)) + original_->szOsFile;
        vfs_.pAppData = original_;
        vfs_.pNext = nullptr;
        vfs_.xOpen = vfs_open;
        vfs_.xDelete = vfs_delete;
        sqlite3_vfs_register(&vfs_, 1);
    }
    ~RecordingVfs() {
        sqlite3_vfs_register(original_, 1);
        sqlite3_vfs_unregister(&vfs_);
    }
    RecordingVfs(const RecordingVfs&) = delete;
    RecordingVfs& operator=(const RecordingVfs&) = delete;

private:
    sqlite3_vfs* original_;
    sqlite3_vfs vfs_;
};

void apply(std::string& content, const Event& event, std::string_view bytes, std::size_t skip) {
    if (event.kind == Kind::truncate) {
        content.resize(event.offset);
        return;
    }
    const std::size_t offset = event.offset + skip;
    if (content.size() < offset + bytes.size()) {
        content.resize(offset + bytes.size(), '\0');
    }
    std::memcpy(content.data() + offset, bytes.data(), bytes.size());
}

// The disk after a power failure behind event `end`: what was synced is there; of the rest, each sector of
// each write reached the disk or did not.
std::map<std::string, std::string> disk_after(const std::vector<Event>& events, std::size_t end,
                                              std::mt19937& chance) {
    std::map<std::string, std::size_t> synced;  // events of the file before this index are on the disk
    for (std::size_t i = 0; i < end; ++i) {
        if (events[i].kind == Kind::sync) {
            synced[events[i].file] = i;
        }
    }
    const auto luck = chance() % 5;  // of five: nothing more, everything, or a mixture
    std::map<std::string, std::string> disk;
    for (std::size_t i = 0; i < end; ++i) {
        const Event& event = events[i];
        if (event.kind == Kind::sync || event.kind == Kind::acknowledged) {
            continue;
        }
        if (event.kind == Kind::remove) {
            disk.erase(event.file);
            continue;
        }
        const bool durable = i < synced[event.file];
        for (std::size_t skip = 0; skip == 0 || skip < event.bytes.size(); skip += kSector) {
            const bool reached = durable || (luck == 0 ? false : luck == 1 ? true : chance() % 2 == 0);
            if (reached) {
                apply(disk[event.file], event, std::string_view(event.bytes).substr(skip, kSector), skip);
            }
        }
    }
    return disk;
}

std::string numbered(int i) {
    return "alias/" + std::to_string(i);
}

TEST(StoreCrashStates, NothingAcknowledgedIsLostWhateverUnsyncedWritesAreMissing) {
    StoreHome home;
    std::vector<Event> events;
    {
        const RecordingVfs recording;
        (void)recorder().take();
        const auto store = home.open();
        recorder().add({Kind::acknowledged, "born", 0, {}});
        for (int i = 0; i < 120; ++i) {
            store->submit(
                [i](Txn& txn) {
                    KeyRecord big = key("k" + std::to_string(i));
                    big.policy = std::string(3000, 'p');
                    return txn.put(alias(numbered(i), "target")).has_value() && txn.put(big).has_value();
                },
                [i](const Result<std::uint64_t>& outcome) {
                    if (outcome) {
                        recorder().add({Kind::acknowledged, numbered(i), 0, {}});
                    }
                });
            if (i % 3 == 2) {
                ASSERT_TRUE(commit(*store, [](Txn&) { return false; }));
            }
            if (i % 40 == 39) {  // checkpoints: the database file is written too
                ASSERT_TRUE(commit(*store, [i](Txn& txn) {
                    return txn
                        .erase_key(AccountId("111122223333"), "eu-central-1", KeyId("k" + std::to_string(i)))
                        .has_value();
                }));
            }
        }
        events = recorder().take();
    }
    const auto born = std::ranges::find(events, "born", &Event::file) - events.begin();
    std::mt19937 chance(3);
    const int states = long_form() ? 2000 : 150;
    std::size_t most = 0;
    for (int state = 0; state < states; ++state) {
        const std::size_t end =
            static_cast<std::size_t>(born) + 1 + chance() % (events.size() - static_cast<std::size_t>(born));
        const auto disk = disk_after(events, end, chance);
        std::filesystem::remove(home.directory() / "store.db");
        std::filesystem::remove(home.directory() / "store.db-wal");
        for (const auto& [name, content] : disk) {
            std::ofstream(home.directory() / name, std::ios::binary) << content;
        }
        const auto store = home.try_open();
        ASSERT_TRUE(store) << "state " << state << " behind event " << end << ": " << why(store);
        const Result<Contents> contents = (*store)->load();
        ASSERT_TRUE(contents) << why(contents);
        EXPECT_TRUE(contents->refused.empty());
        std::set<std::string> present;
        for (const AliasRecord& found : contents->aliases) {
            present.insert(found.name);
        }
        for (std::size_t i = static_cast<std::size_t>(born) + 1; i < end; ++i) {
            if (events[i].kind == Kind::acknowledged) {
                ASSERT_TRUE(present.contains(events[i].file)) << events[i].file << " in state " << state;
                most = std::max(most, present.size());
            }
        }
    }
    EXPECT_GT(most, 60U);
}

}  // namespace
}  // namespace claviger::store
