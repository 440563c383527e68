// One line on stderr per event; the supervisor or systemd keeps them. Secrets and request content never
// appear.
#pragma once

#include <string_view>

namespace claviger::host {

enum class Level : unsigned char { info, warning, error };

// What every line of this process begins with; set once at start, before threads.
void set_log_name(std::string_view name);
// Lines below this level are dropped; info at first. Set once at start, before threads.
void set_log_level(Level least) noexcept;
// Thread-safe: one write(2) per line. Control characters of `text` are replaced, so a hostile peer cannot
// forge a line.
void log(Level level, std::string_view text);

}  // namespace claviger::host
