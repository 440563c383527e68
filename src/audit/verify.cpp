#include "src/audit/verify.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "src/audit/chain.hpp"
#include "src/audit/series.hpp"

namespace claviger::audit {
namespace {

std::string_view text_member(const boost::json::object& object, std::string_view name) {
    const boost::json::value* const found = object.if_contains(name);
    const boost::json::string* const text = found != nullptr ? found->if_string() : nullptr;
    return text != nullptr ? std::string_view(text->data(), text->size()) : std::string_view();
}

// Walks the lines of one series; knows what the next one has to link to.
class SeriesCheck {
public:
    SeriesCheck(const std::string& writer, Verification& to,
                const std::function<void(const RecordView&)>& visit)
        : writer_(writer), to_(to), visit_(visit) {}

    void file(const SeriesFile& file, std::string_view text) {
        file_ = file.path.filename().string();
        first_number_ = file.first_number;
        line_ = 0;
        while (!text.empty()) {
            ++line_;
            const std::size_t end = text.find('\n');
            if (end == std::string_view::npos) {
                broken("the line has no end");
                return;
            }
            one_line(text.substr(0, end));
            text.remove_prefix(end + 1);
        }
    }

private:
    void broken(const std::string& what) {
        if (!to_.broken) {
            to_.broken = file_ + " line " + std::to_string(line_) + ": " + what;
        }
    }

    void one_line(std::string_view text) {
        const std::optional<Line> line = parse_line(text);
        if (!line) {
            broken("the line was changed: its hash is wrong or it is not of our form");
            head_.reset();  // what follows can only be held against itself
            return;
        }
        if (line->writer != writer_) {
            broken("the line belongs to the series of writer " + std::string(line->writer));
            return;
        }
        // The oldest file kept may start anywhere; the first line of all links to nothing.
        const bool linked = head_ ? line->number == head_->number + 1 && line->previous == head_->hash
                                  : line->number != 1 || line->previous == Sha256Digest{};
        const bool placed = line_ != 1 || line->number == first_number_;  // what the file's name says
        const bool linkable = head_ || line_ == 1 || to_.broken;
        if (!linked || !linkable || !placed) {
            broken("the link to the line before is broken: lines were removed, put in or exchanged");
        }
        head_ = line->head();
        good(*line, linked);
    }

    void good(const Line& line, bool linked) {
        boost::json::monotonic_resource memory;
        boost::json::error_code error;
        const boost::json::value record =
            boost::json::parse({line.record.data(), line.record.size()}, error, &memory);
        const boost::json::object* const object = error ? nullptr : record.if_object();
        if (object == nullptr) {
            broken("the record is not a JSON object");
            return;
        }
        if (!linked) {
            return;
        }
        ++to_.records;
        to_.newest_store_sequence = std::max(to_.newest_store_sequence, line.facts.store_sequence);
        if (visit_) {
            visit_({line.writer, line.number, line.facts.store_sequence, line.record,
                    text_member(*object, "requestID"), text_member(*object, "eventID")});
        }
    }

    const std::string& writer_;
    Verification& to_;
    const std::function<void(const RecordView&)>& visit_;
    std::optional<ChainHead> head_;
    std::string file_;
    std::uint64_t first_number_ = 0;
    std::uint64_t line_ = 0;
};

// The last whole line that is ours; files grow to tens of megabytes, so only the end is looked at.
std::optional<Line> last_line(std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = text.rfind('\n');
        if (end == std::string_view::npos) {
            return std::nullopt;
        }
        text = text.substr(0, end);
        const std::size_t start = text.rfind('\n');
        const std::optional<Line> line =
            parse_line(start == std::string_view::npos ? text : text.substr(start + 1));
        if (line || start == std::string_view::npos) {
            return line;
        }
        text = text.substr(0, start + 1);
    }
    return std::nullopt;
}

}  // namespace

Result<Verification> verify_files(const std::filesystem::path& directory,
                                  const std::function<void(const RecordView&)>& visit) {
    std::error_code unknown;  // then list_series() meets it too and says which
    if (!std::filesystem::exists(directory, unknown) && !unknown) {
        return Error(Errc::io_error, "there is no audit directory " + directory.string());
    }
    const auto series = list_series(directory);
    if (!series) {
        return series.error();
    }
    Verification result;
    for (const auto& [writer, files] : *series) {
        ++result.series;
        SeriesCheck check(writer, result, visit);
        for (const SeriesFile& file : files) {
            ++result.files;
            const Result<std::string> text = read_whole(file.path);
            if (!text) {
                return text.error();
            }
            check.file(file, *text);
        }
    }
    return result;
}

Result<std::uint64_t> newest_store_sequence(const std::filesystem::path& directory) {
    const auto series = list_series(directory);
    if (!series) {
        return series.error();
    }
    std::uint64_t newest = 0;
    for (const auto& [writer, files] : *series) {
        for (auto file = files.rbegin(); file != files.rend(); ++file) {
            const Result<std::string> text = read_whole(file->path);
            if (!text) {
                return text.error();
            }
            const std::optional<Line> line = last_line(*text);
            if (line) {
                newest = std::max(newest, line->facts.store_sequence);
                break;
            }
        }
    }
    return newest;
}

}  // namespace claviger::audit
