// Audit records on their way to the files: one Writer per io thread, one hash-chained file each.
#pragma once

#include <string_view>

#include <boost/asio/awaitable.hpp>

#include <claviger/base/result.hpp>

namespace claviger::audit {

// Belongs to one io thread. Records appended in one turn of the loop share one write(2); every awaiter
// resumes when its record was handed to the operating system (with sync = always: to the disk, grouped off
// the io thread).
class Writer {
public:
    virtual ~Writer() = default;
    // False while the sink cannot take records (disk full): checked before `run`.
    virtual bool accepting() const noexcept = 0;
    // `record` is one JSON object without a newline; it is copied before the first suspension.
    virtual boost::asio::awaitable<Status<>> append(std::string_view record) = 0;
};

}  // namespace claviger::audit
