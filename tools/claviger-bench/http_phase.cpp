// The whole path: an AWS client's request in, a key operation in an HSM, an audit record, the answer.

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>
#include <list>
#include <stdexcept>

#include <claviger/base/digest.hpp>
#include <claviger/base/encoding.hpp>

#include "src/audit/verify.hpp"
#include "tools/claviger-bench/kms_traffic.hpp"
#include "tools/claviger-bench/operations.hpp"
#include "tools/claviger-bench/phases.hpp"
#include "tools/claviger-bench/service.hpp"

namespace claviger::bench {
namespace {

constexpr std::size_t kSealed = 1024;  // blobs for Decrypt to choose from
constexpr std::uint64_t kNumbersOfAThread = std::uint64_t{1} << 40U;

// What the phase knows while it runs.
class HttpPhase {
public:
    HttpPhase(const Options& options, Report& report)
        : options_(options), report_(report), service_(options), client_(service_.port()) {
        if (service_.time_to_ready().count() > 0) {
            report_.notes.push_back(fmt::format("`claviger dev` provisioned and ready after {:.2f} s",
                                                service_.time_to_ready().count()));
        }
        const boost::json::value made = call("CreateKey", "{}");
        fixture_.key_id = std::string(made.at("KeyMetadata").at("KeyId").as_string());
        for (std::size_t i = 0; i < kSealed; ++i) {
            std::string body;
            append_body(body, fixture_, "Encrypt", i);
            fixture_.sealed.emplace_back(call("Encrypt", body).at("CiphertextBlob").as_string());
        }
        for (const std::string& name : options.operations) {
            if (const KeyOperation* const operation = find_key_operation(name)) {
                fixture_.prepared.emplace(name, prepare(*operation));
            }
        }
    }

    void measure_signing() {
        constexpr int kCount = 50000;
        Signer signer = make_signer();
        std::string body;
        std::string request;
        const Seconds before = own_cpu();
        for (std::uint64_t i = 0; i < kCount; ++i) {
            body.clear();
            append_body(body, fixture_, "GenerateDataKey", i);
            signer.request(request, "GenerateDataKey", body);
        }
        report_.signing_microseconds = (own_cpu() - before).count() * 1e6 / kCount;
    }

    void measure(const std::string& operation, unsigned connections, Signing signing) {
        LoadOptions load;
        load.port = service_.port();
        load.connections = connections;
        load.threads = options_.threads;
        load.warm_up = options_.warm_up;
        load.duration = options_.point;

        CpuMeter cpu(service_);
        const std::size_t first_tally = tallies_.size();
        const auto traffic = [&](unsigned) {
            next_number_ += kNumbersOfAThread;
            return make_traffic(fixture_, operation, signing, make_signer(), next_number_,
                                tallies_.emplace_back());
        };
        const LoadResult result = run_load(
            load, traffic, [&] { cpu.begin(); }, [&] { cpu.end(); });

        const char* part = signing == Signing::fresh ? "http" : "replay";
        Row row = to_row(part, operation, connections, result);
        row.cpu = cpu.per_request(result.requests);
        report_.rows.push_back(std::move(row));
        if (result.failed > 0) {
            report_.failures.push_back(fmt::format("{} {} at {}: {} wrong answers, the first: {}", part,
                                                   operation, connections, result.failed,
                                                   result.first_failure));
        }
        check_samples(operation, first_tally);
    }

    // Ends the service, then holds its audit files against every answer of this run.
    void check_audit() {
        service_.stop();
        if (!service_.audit()) {
            report_.notes.push_back("audit files not checked: --audit says where they are");
            return;
        }
        std::vector<RequestId> recorded;
        const Result<audit::Verification> verified =
            audit::verify_files(*service_.audit(), [&](const audit::RecordView& record) {
                const RequestId id =
                    request_id_of(fmt::format("\r\nx-amzn-RequestId: {}\r\n", record.request_id));
                if (id != RequestId{}) {
                    recorded.push_back(id);
                }
            });
        if (!verified) {
            report_.failures.push_back("audit: " + verified.error().describe());
            return;
        }
        if (verified->broken) {
            report_.failures.push_back("audit: " + *verified->broken);
        }
        compare(std::move(recorded), verified->records);
    }

private:
    Signer make_signer() const { return Signer(service_.credentials(), service_.host()); }

    boost::json::value call(const std::string& operation, const std::string& body) {
        std::string request;
        Signer signer = make_signer();
        signer.request(request, operation, body);
        const Reply reply = client_.send(request);
        single_.request_ids.push_back(request_id_of(reply.head));
        if (reply.status != 200) {
            throw std::runtime_error(fmt::format("{}: {} {}", operation, reply.status, reply.body));
        }
        return boost::json::parse(reply.body);
    }

    // A key for the operation, and its request; what a Verify or a Decrypt takes is made with the same key.
    std::string prepare(const KeyOperation& operation) {
        const boost::json::value made = call(
            "CreateKey",
            fmt::format(R"({{"KeySpec":"{}","KeyUsage":"{}"}})", operation.key_spec, operation.key_usage));
        const std::string key(made.at("KeyMetadata").at("KeyId").as_string());
        const std::string digest = to_base64(sha256(as_bytes("what is signed")));
        const std::string start = fmt::format(R"({{"KeyId":"{}",{},)", key, operation.algorithm);
        const std::string message = fmt::format(R"("MessageType":"DIGEST","Message":"{}")", digest);
        const std::string_view api = api_of(operation.name);
        if (api == "GenerateMac") {
            return start + fmt::format(R"("Message":"{}"}})", digest);
        }
        if (api == "Decrypt") {
            const boost::json::value sealed =
                call("Encrypt", start + fmt::format(R"("Plaintext":"{}"}})", kPlaintextBase64));
            return start + fmt::format(R"("CiphertextBlob":"{}"}})",
                                       std::string(sealed.at("CiphertextBlob").as_string()));
        }
        if (api == "Sign") {
            return start + message + "}";
        }
        const boost::json::value signature = call("Sign", start + message + "}");
        return start + message +
               fmt::format(R"(,"Signature":"{}"}})", std::string(signature.at("Signature").as_string()));
    }

    // Decrypts the kept answers: GenerateDataKey's blob must hold its Plaintext, Encrypt's what was sent.
    void check_samples(const std::string& operation, std::size_t first_tally) {
        for (std::size_t i = first_tally; i < tallies_.size(); ++i) {
            for (const Sample& sample : std::next(tallies_.begin(), static_cast<long>(i))->samples) {
                const boost::json::value answer = boost::json::parse(sample.body);
                const std::string body = fmt::format(
                    R"({{"CiphertextBlob":"{}","EncryptionContext":{{"purpose":"bench","request":"{}"}}}})",
                    std::string(answer.at("CiphertextBlob").as_string()), sample.number);
                const boost::json::value opened = call("Decrypt", body);
                const std::string expected = operation == "Encrypt"
                                                 ? kPlaintextBase64
                                                 : std::string(answer.at("Plaintext").as_string());
                if (opened.at("Plaintext").as_string() != expected) {
                    report_.failures.push_back(operation + ": a sample decrypts to something else");
                    return;
                }
            }
        }
    }

    void compare(std::vector<RequestId> recorded, std::uint64_t records) {
        std::vector<RequestId> answered = std::move(single_.request_ids);
        std::uint64_t without_id = 0;
        for (const Tally& tally : tallies_) {
            answered.insert(answered.end(), tally.request_ids.begin(), tally.request_ids.end());
            without_id += tally.answers_without_id;
        }
        std::sort(answered.begin(), answered.end());
        std::sort(recorded.begin(), recorded.end());
        std::vector<RequestId> missing;
        std::set_difference(answered.begin(), answered.end(), recorded.begin(), recorded.end(),
                            std::back_inserter(missing));
        const auto twice = std::adjacent_find(recorded.begin(), recorded.end());
        report_.notes.push_back(
            fmt::format("audit: {} valid records, {} answers, {} of them without a record", records,
                        answered.size(), missing.size()));
        if (!missing.empty() || without_id > 0) {
            report_.failures.push_back(fmt::format("audit: {} answers have no record, {} had no request id",
                                                   missing.size(), without_id));
        }
        if (twice != recorded.end()) {
            report_.failures.push_back("audit: a request id is recorded twice");
        }
        if (!options_.endpoint_port && recorded.size() != answered.size()) {
            report_.failures.push_back(
                fmt::format("audit: {} records for {} answers", recorded.size(), answered.size()));
        }
    }

    const Options& options_;
    Report& report_;
    Service service_;
    Client client_;
    Fixture fixture_;
    Tally single_;
    std::list<Tally> tallies_;
    std::uint64_t next_number_ = 0;
};

}  // namespace

void run_http(const Options& options, Report& report) {
    HttpPhase phase(options, report);
    phase.measure_signing();
    const unsigned widest = *std::ranges::max_element(options.connections);
    for (const Signing signing : options.signing) {
        for (const unsigned connections : options.connections) {
            for (const std::string& operation : options.operations) {
                const bool wanted = find_key_operation(operation) == nullptr ||
                                    (connections == widest && signing == Signing::replayed);
                if (wanted) {
                    phase.measure(operation, connections, signing);
                }
            }
        }
    }
    phase.check_audit();
}

}  // namespace claviger::bench
