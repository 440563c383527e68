// A client that never retries, on N connections, every answer checked: Encrypt, Decrypt and GenerateDataKey,
// or with
// --work signing Sign, Verify, GenerateMac and VerifyMac.
//
// Prints "running" when the first requests were answered. Each line on standard input ends a phase: its
// figures come out as one line of JSON. End of input ends the program. The endpoint and credentials come from
// the AWS_ variables. Keys are made in the default key store, unless --key names others.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <claviger/base/encoding.hpp>

#include "tests/fault/load_client.hpp"

namespace {

using namespace claviger;
using testing::Answer;
using testing::Connection;
using testing::member;
using testing::Target;
using Clock = std::chrono::steady_clock;

struct Figures {
    std::mutex mutex;
    std::vector<float> milliseconds;
    std::uint64_t failed = 0;
    std::uint64_t wrong = 0;
    std::map<std::string, std::uint64_t> errors;

    void print(double seconds) {
        const std::lock_guard lock(mutex);
        std::ranges::sort(milliseconds);
        const auto at = [&](double share) {
            return milliseconds.empty()
                       ? 0.0F
                       : milliseconds[std::min(
                             milliseconds.size() - 1,
                             static_cast<std::size_t>(share * static_cast<double>(milliseconds.size())))];
        };
        std::printf(
            "{\"requests\": %zu, \"per_s\": %.0f, \"failed\": %llu, \"wrong\": %llu, \"p50_ms\": %.2f, "
            "\"p99_ms\": %.2f, \"p999_ms\": %.2f, \"max_ms\": %.2f, \"errors\": {",
            milliseconds.size(), static_cast<double>(milliseconds.size()) / seconds,
            static_cast<unsigned long long>(failed), static_cast<unsigned long long>(wrong),
            static_cast<double>(at(0.5)), static_cast<double>(at(0.99)), static_cast<double>(at(0.999)),
            static_cast<double>(at(1.0)));
        const char* separator = "";
        for (const auto& [text, count] : errors) {
            std::string plain = text;
            std::ranges::replace(plain, '"', '\'');
            std::printf("%s\"%s\": %llu", separator, plain.c_str(), static_cast<unsigned long long>(count));
            separator = ", ";
        }
        std::printf("}}\n");
        std::fflush(stdout);
        milliseconds.clear();
        failed = wrong = 0;
        errors.clear();
    }
};

// What one connection asks for, over and over. Threads: one.
class Work {
public:
    Work() = default;
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;
    virtual ~Work() = default;

    // One request. True if a good answer is right.
    virtual bool ask(Connection& connection, Answer& answer) = 0;
};

// What it encrypts it remembers, and decrypts again later.
class Encryption final : public Work {
public:
    Encryption(const std::vector<std::string>& keys, unsigned seed) : keys_(keys), random_(seed) {}

    bool ask(Connection& connection, Answer& answer) override {
        const auto choice = random_() % (remembered_.size() < 4 ? 2 : 3);
        const std::string key = keys_[random_() % keys_.size()];
        if (choice == 0) {
            std::array<std::byte, 64> plain;
            for (std::byte& b : plain) {
                b = static_cast<std::byte>(random_());
            }
            const std::string encoded = to_base64(plain);
            answer = connection.call("Encrypt", "{\"KeyId\":\"" + key + "\",\"Plaintext\":\"" + encoded +
                                                    "\",\"EncryptionContext\":{\"load\":\"yes\"}}");
            return remember(encoded, member(answer.body, "CiphertextBlob"));
        }
        if (choice == 1) {
            answer =
                connection.call("GenerateDataKey",
                                "{\"KeyId\":\"" + key +
                                    "\",\"KeySpec\":\"AES_256\",\"EncryptionContext\":{\"load\":\"yes\"}}");
            const auto plain = member(answer.body, "Plaintext");
            return plain && plain->size() == 44 && remember(*plain, member(answer.body, "CiphertextBlob"));
        }
        const auto& [plain, blob] = remembered_[random_() % remembered_.size()];
        answer = connection.call(
            "Decrypt", "{\"CiphertextBlob\":\"" + blob + "\",\"EncryptionContext\":{\"load\":\"yes\"}}");
        return member(answer.body, "Plaintext") == plain;
    }

private:
    bool remember(const std::string& plain, const std::optional<std::string>& blob) {
        if (!blob) {
            return false;
        }
        if (remembered_.size() < 64) {
            remembered_.emplace_back(plain, *blob);
        } else {
            remembered_[random_() % 64] = {plain, *blob};
        }
        return true;
    }

    const std::vector<std::string>& keys_;
    std::mt19937 random_;
    std::vector<std::pair<std::string, std::string>> remembered_;
};

// The kinds of key that sign, and how. RSA with PKCS #1 v1.5 and HMAC give the same answer each time.
struct Scheme {
    const char* create;
    const char* make;    // the operation
    const char* member;  // of its answer
    const char* verify;
    const char* verdict;  // in that answer
    const char* algorithm;
    bool repeats;
};
constexpr std::array<Scheme, 3> kSchemes{{
    {R"({"KeySpec":"RSA_2048","KeyUsage":"SIGN_VERIFY"})", "Sign", "Signature", "Verify",
     R"("SignatureValid":true)", R"("SigningAlgorithm":"RSASSA_PKCS1_V1_5_SHA_256")", true},
    {R"({"KeySpec":"ECC_NIST_P256","KeyUsage":"SIGN_VERIFY"})", "Sign", "Signature", "Verify",
     R"("SignatureValid":true)", R"("SigningAlgorithm":"ECDSA_SHA_256")", false},
    {R"({"KeySpec":"HMAC_256","KeyUsage":"GENERATE_VERIFY_MAC"})", "GenerateMac", "Mac", "VerifyMac",
     R"("MacValid":true)", R"("MacAlgorithm":"HMAC_SHA_256")", true},
}};

// What it signs it signs again or verifies later. Keys are in the order of kSchemes.
class Signing final : public Work {
public:
    Signing(const std::vector<std::string>& keys, unsigned seed) : keys_(keys), random_(seed) {}

    bool ask(Connection& connection, Answer& answer) override {
        const std::size_t which = random_() % kSchemes.size();
        const Scheme& scheme = kSchemes[which];
        const std::string message = "TWVzc2FnZS" + std::to_string(10 + random_() % 8);  // base64 as it stands
        std::string& known = signatures_[which][message];
        const std::string request =
            "{\"KeyId\":\"" + keys_[which] + "\",\"Message\":\"" + message + "\"," + scheme.algorithm;
        if (!known.empty() && random_() % 2 == 0) {
            answer =
                connection.call(scheme.verify, request + ",\"" + scheme.member + "\":\"" + known + "\"}");
            return answer.body.find(scheme.verdict) != std::string::npos;
        }
        answer = connection.call(scheme.make, request + "}");
        const auto made = member(answer.body, scheme.member);
        if (!made) {
            return false;
        }
        const bool right = known.empty() || !scheme.repeats || *made == known;
        known = *made;
        return right;
    }

private:
    const std::vector<std::string>& keys_;
    std::mt19937 random_;
    std::array<std::map<std::string, std::string>, kSchemes.size()> signatures_;
};

void run(const Target& target, Work& work, Figures& figures, const std::atomic<bool>& stop) {
    Connection connection(target);
    while (!stop) {
        const auto begun = Clock::now();
        Answer answer;
        const bool right = work.ask(connection, answer);
        const std::chrono::duration<float, std::milli> took = Clock::now() - begun;
        const std::lock_guard lock(figures.mutex);
        figures.milliseconds.push_back(took.count());
        if (answer.status != 200) {
            ++figures.failed;
            ++figures.errors[std::to_string(answer.status) + " " + answer.body.substr(0, 120)];
        } else if (!right) {
            ++figures.wrong;
        }
    }
}

std::string make_key(Connection& connection, const std::string& request) {
    const Answer answer = connection.call("CreateKey", request);
    const auto id = member(answer.body, "KeyId");
    if (answer.status != 200 || !id) {
        std::fprintf(stderr, "CreateKey: %d %s\n", answer.status, answer.body.c_str());
        std::exit(1);
    }
    return *id;
}

}  // namespace

int main(int argc, char** argv) {
    std::size_t connections = 16;
    bool signing = false;
    std::vector<std::string> keys;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string option = argv[i];
        const std::string value = argv[i + 1];
        if (option == "--connections") {
            connections = std::stoul(value);
        } else if (option == "--key") {
            keys.push_back(value);
        } else if (option == "--work") {
            signing = value == "signing";
        }
    }
    const Target target = Target::from_environment();
    {
        Connection connection(target);
        if (signing) {
            for (const Scheme& scheme : kSchemes) {
                keys.push_back(make_key(connection, scheme.create));
            }
        }
        if (keys.empty()) {
            std::generate_n(std::back_inserter(keys), 4, [&] { return make_key(connection, "{}"); });
        }
    }
    Figures figures;
    std::atomic<bool> stop = false;
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < connections; ++i) {
        threads.emplace_back([&, seed = static_cast<unsigned>(i + 1)] {
            std::unique_ptr<Work> work;
            if (signing) {
                work = std::make_unique<Signing>(keys, seed);
            } else {
                work = std::make_unique<Encryption>(keys, seed);
            }
            run(target, *work, figures, stop);
        });
    }
    std::printf("running\n");
    std::fflush(stdout);
    auto begun = Clock::now();
    for (std::string line; std::getline(std::cin, line);) {
        figures.print(std::chrono::duration<double>(Clock::now() - begun).count());
        begun = Clock::now();
    }
    stop = true;
    return 0;
}
