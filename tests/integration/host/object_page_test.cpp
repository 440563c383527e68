// Objects on a token are input from outside: a list of them never ends the link.
#include "hsm/host/object_page.hpp"

#include <gtest/gtest.h>

namespace claviger::host {
namespace {

namespace control = link::control;

// What the peer reads of all pages; ends with a failure when it would refuse one.
std::vector<std::string> labels_read(const std::vector<hsm::TokenObject>& all) {
    std::vector<std::string> labels;
    for (;;) {
        std::size_t left_out = 0;
        link::WipedBuffer frame;
        control::encode(frame, object_page(all, labels.size(), left_out));
        EXPECT_LE(frame.size(), link::kMaxControlFrame);
        const auto page = control::decode<control::ObjectList>(ByteView(frame));
        if (!page || page->objects.empty()) {
            EXPECT_TRUE(page);
            return labels;
        }
        for (const control::ObjectRow& row : page->objects) {
            labels.push_back(row.label);
        }
        if (!page->more) {
            return labels;
        }
    }
}

TEST(ObjectPage, AllObjectsAreListedHoweverMany) {
    std::vector<hsm::TokenObject> all;
    std::vector<std::string> labels;
    for (std::size_t i = 0; i < 3000; ++i) {
        labels.push_back("claviger-" + std::to_string(i) + std::string(i % control::kMaxText / 2, 'x'));
        all.push_back({4, labels.back(), Bytes(i % 100)});
    }
    all.push_back({4, "claviger-id", Bytes(control::kMaxBytes)});
    labels.push_back(all.back().label);
    EXPECT_EQ(labels_read(all), labels);
    EXPECT_TRUE(labels_read({}).empty());
}

TEST(ObjectPage, WhatThePeerWouldRefuseIsLeftOutAndCounted) {
    const std::vector<hsm::TokenObject> all{{4, "claviger-a", {}},
                                            {4, std::string(control::kMaxText + 1, 'x'), {}},
                                            {4, "claviger-b", Bytes(control::kMaxBytes + 1)},
                                            {4, "claviger-c", {}}};
    EXPECT_EQ(labels_read(all), (std::vector<std::string>{"claviger-a", "claviger-c"}));
    std::size_t left_out = 0;
    EXPECT_TRUE(object_page(all, 9, left_out).objects.empty());
    EXPECT_EQ(left_out, 2U);
}

}  // namespace
}  // namespace claviger::host
