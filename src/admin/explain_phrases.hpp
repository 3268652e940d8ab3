#pragma once

/// \file
/// All that an explanation says, in both languages.

#include "admin/phrase.hpp"

namespace waybill::admin::phrases {

inline constexpr Phrase lane_free{"lane {} is held by no relay", "通道 {} 没有 relay 持有"};
inline constexpr Phrase lane_held{"lane {} is held by relay {}", "通道 {} 由 relay {} 持有"};

inline constexpr Phrase no_route{"no route matches its topic '{}'", "没有路由匹配它的主题 '{}'"};
inline constexpr Phrase takes_route{"its topic '{}' takes route '{}' to broker '{}', exchange '{}'",
                                    "它的主题 '{}' 走路由 '{}'，到中间件 '{}'，交换机 '{}'"};

inline constexpr Phrase in_outbox{"it is in the outbox and was never published", "它在发件箱中，还从未发布过"};
inline constexpr Phrase fetched{"it is in the outbox; a relay has fetched it and its answer is not settled yet",
                                "它在发件箱中；一个 relay 已取走它，应答还没有落定"};
inline constexpr Phrase in_trouble{"it is {} because of '{}' after {} publications, {} of them counted tries",
                                   "它处于 {} 状态，原因是 '{}'；已发布 {} 次，其中 {} 次计入尝试"};
inline constexpr Phrase last_answer{"; the last answer was: {}", "；最后的应答是：{}"};
inline constexpr Phrase not_here{
    "it is not in the store: confirmed by the broker, dropped by its route, or never persisted here",
    "它不在存储中：已被中间件确认，或被其路由丢弃，或从未在此保存"};

inline constexpr Phrase behind_key{"it waits behind key '{}' of route '{}', which is blocked by message '{}'",
                                   "它排在键 '{}'（路由 '{}'）之后，该键被消息 '{}' 挡住"};
inline constexpr Phrase behind_route{"it waits behind route '{}', which is blocked by message '{}'",
                                     "它排在路由 '{}' 之后，该路由被消息 '{}' 挡住"};

inline constexpr Phrase next_blocked{"waits until message '{}' is confirmed, resent or dropped",
                                     "等到消息 '{}' 被确认、重发或丢弃"};
inline constexpr Phrase next_no_relay{"moves as soon as a relay runs: start `waybill relay`",
                                      "一有 relay 运行就会移动：请启动 `waybill relay`"};
inline constexpr Phrase next_answer{"moves when the broker answers", "中间件应答后移动"};
inline constexpr Phrase next_not_before{"is published not before {}", "不早于 {} 发布"};
inline constexpr Phrase next_in_turn{"moves when the relay has worked through what is before it",
                                     "relay 处理完它前面的消息后移动"};
inline constexpr Phrase next_person{"waits for a person: `waybill failed resend` or `waybill failed drop`",
                                    "等人处理：`waybill failed resend` 或 `waybill failed drop`"};
inline constexpr Phrase next_dropped{"stays dropped; `waybill failed restore` undoes it",
                                     "保持丢弃；`waybill failed restore` 可以恢复"};
inline constexpr Phrase next_again_no_relay{"is sent again when a relay runs: start `waybill relay`",
                                            "有 relay 运行时再次发送：请启动 `waybill relay`"};
inline constexpr Phrase next_due{"is due now", "现在就该发送"};
inline constexpr Phrase next_again{"is sent again in {}", "{} 后再次发送"};

}  // namespace waybill::admin::phrases
