// What the clients of the conformance suite cannot send: names in a map, which their model does not vary.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "src/model/validate.hpp"

namespace claviger::model {
namespace {

std::string violation(std::string_view operation, std::string_view body) {
    boost::json::value value = boost::json::parse(body);
    const auto found = validate(cloudhsm(), cloudhsm().find(operation)->input, value);
    return found ? found->message : std::string{};
}

TEST(Validate, NamesInAMapAreOfTheirShape) {
    EXPECT_EQ(violation("DescribeClusters", R"({"Filters":{"clusterIds":["cluster-aaaaaaaaaaa"]}})"), "");
    EXPECT_EQ(
        violation("DescribeClusters", R"({"Filters":{"bad key!":["x"]}})"),
        "1 validation error detected: Value '{bad key!=[x]}' at 'filters' failed to satisfy constraint: Map "
        "keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+]");
}

}  // namespace
}  // namespace claviger::model
