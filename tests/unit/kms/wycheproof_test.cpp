// Wycheproof's signature vectors through Verify. Their private keys are not known, so the keys are made with
// the public half of each group: Verify needs no more. (What needs private keys:
// tests/conformance/kms/wycheproof_test.py.)
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <map>

#include <claviger/base/digest.hpp>
#include <claviger/base/encoding.hpp>

#include "tests/unit/kms/fakes.hpp"

namespace claviger::kms::test {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostMessage = 4096;

struct Algorithm {
    std::string spec;
    std::string name;  // SigningAlgorithm
    Hash hash;
};

std::string unpacked(const std::filesystem::path& file) {
    const std::string command = "gzip -dc '" + file.string() + "'";
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), &pclose);
    std::string text;
    std::array<char, 65536> block;
    while (const std::size_t got = std::fread(block.data(), 1, block.size(), pipe.get())) {
        text.append(block.data(), got);
    }
    return text;
}

std::string text_of(const json::object& object, std::string_view name) {
    const json::value* found = object.if_contains(name);
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

Bytes hex_of(const json::object& object, std::string_view name) {
    return *from_hex(text_of(object, name));
}

std::optional<Hash> hash_of(const std::string& name) {
    if (name == "SHA-256") {
        return Hash::sha256;
    }
    if (name == "SHA-384") {
        return Hash::sha384;
    }
    return name == "SHA-512" ? std::optional(Hash::sha512) : std::nullopt;
}

// nullopt: no SigningAlgorithm of KMS.
std::optional<Algorithm> algorithm_of(const json::object& group) {
    const std::string sha = text_of(group, "sha"), type = text_of(group, "type");
    const auto hash = hash_of(sha);
    if (!hash) {
        return std::nullopt;
    }
    const std::string bits = sha.substr(4);
    if (type == "EcdsaVerify") {
        static const std::map<std::string, std::string> kSpecs{{"secp256r1", "ECC_NIST_P256"},
                                                               {"secp384r1", "ECC_NIST_P384"},
                                                               {"secp521r1", "ECC_NIST_P521"},
                                                               {"secp256k1", "ECC_SECG_P256K1"}};
        const std::string curve = text_of(group.at("publicKey").get_object(), "curve");
        return Algorithm{kSpecs.at(curve), "ECDSA_SHA_" + bits, *hash};
    }
    const std::int64_t size = group.at("keySize").get_int64();
    if (size != 2048 && size != 3072 && size != 4096) {
        return std::nullopt;
    }
    const std::string spec = "RSA_" + std::to_string(size);
    if (type == "RsassaPkcs1Verify") {
        return Algorithm{spec, "RSASSA_PKCS1_V1_5_SHA_" + bits, *hash};
    }
    const bool as_in_kms = text_of(group, "mgf") == "MGF1" && text_of(group, "mgfSha") == sha &&
                           group.at("sLen").get_int64() == static_cast<std::int64_t>(digest_size(*hash));
    return as_in_kms ? std::optional(Algorithm{spec, "RSASSA_PSS_SHA_" + bits, *hash}) : std::nullopt;
}

class WycheproofVerify : public testing::Test {
protected:
    void run(const std::filesystem::path& file) {
        const json::value root = json::parse(unpacked(file));
        for (const json::value& group : root.at("testGroups").get_array()) {
            run_group(file.filename().string(), group.get_object());
        }
    }

    void run_group(const std::string& file, const json::object& group) {
        const json::array& tests = group.at("tests").get_array();
        const auto algorithm = algorithm_of(group);
        if (!algorithm) {
            leave_out("parameters that no SigningAlgorithm has", file, tests);
            return;
        }
        api_.client.public_key = hex_of(group, "publicKeyDer");
        const std::string made =
            api_.call("CreateKey", R"({"KeyUsage":"SIGN_VERIFY","KeySpec":")" + algorithm->spec + R"("})")
                .body;
        const std::string key = text_at(made, "KeyMetadata.KeyId");
        for (const json::value& test : tests) {
            if (text_of(test.get_object(), "sig").empty()) {
                leave_out("an empty signature", file, {test});
            } else {
                judge(file, *algorithm, key, test.get_object());
            }
        }
    }

    void judge(const std::string& file, const Algorithm& algorithm, const std::string& key,
               const json::object& test) {
        const Bytes message = hex_of(test, "msg");
        const bool raw = !message.empty() && message.size() <= kMostMessage;
        Bytes digest(digest_size(algorithm.hash));
        claviger::digest(algorithm.hash, {message}, digest);
        const http::Answer answer =
            api_.call("Verify", R"({"KeyId":")" + key + R"(","SigningAlgorithm":")" + algorithm.name +
                                    R"(","MessageType":")" + (raw ? "RAW" : "DIGEST") + R"(","Message":")" +
                                    to_base64(raw ? message : digest) + R"(","Signature":")" +
                                    to_base64(hex_of(test, "sig")) + R"("})");
        const std::string result = text_of(test, "result");
        ++ran_;
        valid_ += result == "valid" ? 1 : 0;
        if (answer.status == 200) {
            EXPECT_NE(result, "invalid")
                << file << " #" << test.at("tcId") << " " << text_of(test, "comment");
        } else {
            EXPECT_NE(result, "valid") << file << " #" << test.at("tcId") << " " << answer.body;
            EXPECT_NE(answer.body.find("KMSInvalidSignatureException"), std::string::npos) << answer.body;
        }
    }

    void leave_out(const std::string& why, const std::string& file, const json::array& tests) {
        for (const json::value& test : tests) {
            left_out_[why] +=
                " " + file.substr(0, file.find("_test")) + "#" + json::serialize(test.at("tcId"));
        }
    }

    Harness api_;
    int ran_ = 0;
    int valid_ = 0;
    std::map<std::string, std::string> left_out_;
};

TEST_F(WycheproofVerify, EverySignatureGetsTheVerdictItDeserves) {
    for (const auto& entry : std::filesystem::directory_iterator(CLAVIGER_TEST_DATA "/wycheproof")) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with("ecdsa_") || name.starts_with("rsa_signature_") ||
            name.starts_with("rsa_pss_")) {
            run(entry.path());
        }
    }
    std::cout << ran_ << " signatures judged, " << valid_ << " of them valid\n";
    for (const auto& [why, names] : left_out_) {
        std::cout << "the API cannot express " << why << ":" << names << '\n';
    }
    EXPECT_GT(ran_, 5000);
    EXPECT_GT(valid_, 500);
}

}  // namespace
}  // namespace claviger::kms::test
