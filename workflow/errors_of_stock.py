"""What is said of the card stock: lists, counts, moves, accounts and the people who must not be the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

STOCK_SENTENCES: Mapping[str, tuple[str, str]] = {
    "stock.no_person": (
        "這項作業須由登錄了自然人的帳號辦理，請洽管理員。",
        "This takes an account that is bound to a natural person. Ask an administrator.",
    ),
    "stock.same_person": (
        "這項作業須由另一位人員辦理：您已經手過這批卡片。",
        "Somebody else has to do this: you have handled these cards before.",
    ),
    "stock.demonstration_only": (
        "空白卡須由兩人點收入庫；直接入帳僅供示範環境使用。",
        "Blank cards are counted in by two people. Putting them there at once is for demonstrations only.",
    ),
    "stock.no_place": (
        "查無可用的存放處 {place}，請重新選擇。",
        "There is no such place in use: {place}. Choose another.",
    ),
    "stock.not_waiting": (
        "這一筆已由他人處理，或不在等候處理的狀態，請重新整理清單。",
        "Somebody has dealt with this already, or it is not waiting. Reload the list.",
    ),
    "stock.not_at_place": (
        "卡片不在「{place}」的空白卡中：{cards}。請核對晶片序號與存放處。",
        "Not among the blank cards of '{place}': {cards}. Check serial numbers and place.",
    ),
    "stock.not_at_line": (
        "卡片（晶片序號 {csn}）在帳上位於「{place}」，不在製卡區。請先由兩人撥到製卡區。",
        "The books have the card (chip {csn}) at '{place}', not at the line. Two people have to hand it over first.",
    ),
    "stock.account_overdue": (
        "「{place}」{day} 的庫存帳尚未結清，超過 {days} 天，已暫停製卡。請先盤點並確認日結。",
        "The account of '{place}' for {day} is open for more than {days} days, so no card is begun. Close it first.",
    ),
    "stock.account_open": (
        "「{place}」已盤點而尚未結帳，請先處理差異並確認日結。",
        "'{place}' was counted and its account is not closed. Settle and confirm that one first.",
    ),
    "stock.count_open": (
        "「{place}」正待盤點：結帳之前不向可盤點的人員提供張數與卡片明細，請待結帳後再查閱，或洽稽核員。",
        "'{place}' waits to be counted: who may count is given no figures before it is closed. Come back, or ask an auditor.",
    ),
    "stock.not_confirmable": (
        "盤點結果與帳上不符，須先由他人處理差異，才能確認日結。",
        "The count differs from the books. Somebody has to settle the difference before it is confirmed.",
    ),
    "stock.does_not_settle": (
        "複點 {recounted} 張加上短少 {missing} 張，與帳上張數不符；請再清點，並列出每一張短少的卡片。",
        "Recounted {recounted} and missing {missing} do not make the number of the books. Name each missing card.",
    ),
    "stock.not_in_bin": (
        "不在廢卡箱或已列入另一次銷毀：{cards}。請核對晶片序號。",
        "Not in the box of spoiled cards, or in another destruction already: {cards}. Check the serial numbers.",
    ),
    "stock.not_found": (
        "庫存帳中查無此筆資料，請由清單重新選擇。",
        "The books of the stock have no such row. Choose from the list.",
    ),
    "stock.not_missing": (
        "卡片（晶片序號 {csn}）不在短少之列，請核對晶片序號。",
        "The card (chip {csn}) is not missing. Check the serial number.",
    ),
    "stock.was_spoiled": (
        "卡片（晶片序號 {csn}）短少時並非空白卡，不得再作空白卡，請報廢。",
        "The card (chip {csn}) was no blank when it went missing and can't be one again. Spoil it.",
    ),
    "stock.still_certified": (
        "卡片仍有未廢止的憑證，不得列為短少：{cards}。請先登錄廢卡，或請簽發員廢止其憑證。",
        "Cards with certificates that are not revoked can't be missing: {cards}. Spoil the card or revoke them first.",
    ),
    "stock.came_later": (
        "盤點之後才送到「{place}」，不屬於這次盤點：{cards}。請核對晶片序號。",
        "Came to '{place}' after the count, so this account can't miss them: {cards}. Check the serial numbers.",
    ),
    "stock.not_counted_in": (
        "卡片（晶片序號 {csn}）在「{place}」，尚未點收。請先點收整盒或接收撥入的卡片（缺少的列為差異），再報廢。",
        "The card (chip {csn}) is in '{place}' and not counted yet. Count the box or take the cards in first, then spoil it.",
    ),
    "stock.nothing_to_take_up": (
        "沒有待列帳的卡片：每張卡片都已有存放處。新到的卡片請以卡盒到貨與點收入庫。",
        "There is no card to take up: each has its place in the books. New cards come in by boxes that are counted.",
    ),
    "stock.taken_up_already": (
        "既有卡片已於 {day} 列帳，不必再做一次。接著請清點每一處並確認日結；新到的卡片請以卡盒到貨與點收入庫。",
        "The old cards were taken up on {day}; that is done once. Now count each place and confirm its account. New cards come in by boxes that are counted.",
    ),
}
