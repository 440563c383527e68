// The faults a test ordered: a queue of (function, matcher, action) read from a text file.
//
//     # comment
//     FUNCTION [skip=N] [times=N|always] [where=TEXT] ACTION [ARGUMENT]
//     end
//
// FUNCTION is a name of functions.hpp or `*`. A call takes the first rule that matches it and is not used up.
// skip=N lets N matching calls of this process through first; times=N (default 1) applies the rule N times;
// where=TEXT matches only processes whose SOFTHSM2_CONF contains TEXT (hosts that share one plan).
//
//     pass             let the call through (an entry of the queue like any other)
//     rv CODE          answer this CK_RV, do nothing
//     rv-after CODE    do it, then answer this CK_RV: the work happened, the answer says otherwise
//     delay MS         wait, then do it
//     hang             never return
//     abort            end the process as a crashing module does (SIGABRT)
//     kill             end the process without a trace (SIGKILL)
//     kill-within US   do it, and send that SIGKILL so many microseconds after its begin: inside the call if
//     it
//                      takes longer, after it if not
//     kill-parent-within US  the same to the process that started this one
//     swap             from now on exchange the key handle of this call with the one used before it, in every
//                      function; waits for a call that has such a partner
//     swap-call        the same for this call only
//     forget TYPE      leave attributes of this type (a number) out of the template: a module that lacks a
//     rule pin-limit N      not used up: N wrong PINs lock; see pin_counter.hpp
//
// Without its last line `end` a file counts as half written and changes nothing. What was applied is appended
// to FILE.applied ("rule FUNCTION ACTION"), under a lock: a rule is used up for every process that reads the
// plan, also for a restarted one. Remove FILE.applied before giving a new plan the same name.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace claviger::faulty {

enum class Action {
    pass,
    answer,
    answer_after,
    delay,
    hang,
    abort,
    kill,
    kill_within,
    kill_parent_within,
    swap,
    swap_call,
    forget,
    pin_limit
};

struct Rule {
    std::size_t row = 0;  // of kFunctions; kFunctions.size() matches every function
    unsigned long skip = 0;
    unsigned long times = 1;  // 0: always
    std::string where;
    Action action = Action::pass;
    unsigned long argument = 0;  // CK_RV, milliseconds, microseconds, attribute type or PIN limit
    std::string text;            // FUNCTION ACTION, for FILE.applied
    unsigned long seen = 0;      // matching calls of this process
};

struct ParsedPlan {
    std::vector<Rule> rules;
    std::string error;  // "line 3: unknown action 'hag'"; empty if every line is understood
};

// nullopt: the text has no `end` line yet.
std::optional<ParsedPlan> parse_plan(std::string_view text);

// Not thread-safe. A plan that does not parse ends the process: a test must not pass because of a typing
// error.
class Plan {
public:
    explicit Plan(std::string path);

    // The rule for this call, already counted as applied; nullopt: nothing ordered. `swappable` says whether
    // a swap would have a partner. The file is looked at on every call.
    std::optional<Rule> take(std::size_t row, bool swappable);

    // The limit of a pin-limit rule for this process, 0 if there is none.
    unsigned long pin_limit();

    const std::string& path() const noexcept { return path_; }

private:
    struct Stamp {
        long long seconds = 0;
        long nanoseconds = 0;
        long long size = -1;
        unsigned long long inode = 0;
        friend bool operator==(const Stamp&, const Stamp&) = default;
    };

    void reload_if_changed();
    bool here(const Rule& rule) const;
    bool use_up(std::size_t index, const Rule& rule);

    std::string path_;
    std::string place_;
    Stamp stamp_;
    std::vector<Rule> rules_;
};

}  // namespace claviger::faulty
