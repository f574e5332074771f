// The session of @stoqey/ib on Node: `node stoqey.mjs FOLDER HOST PORT`, FOLDER being where it was installed.
// It tells a line of JSON for each step, as `steps.py` does, and imports nothing of ours.

import { createRequire } from "node:module";
import path from "node:path";

const [folder, host, port] = process.argv.slice(2);
const require = createRequire(path.join(path.resolve(folder), "package.json"));
const { IBApi, EventName, ScanCode } = require("@stoqey/ib");

const PATIENCE = 10000;
const END = "20260102-21:00:00";
const TICKS_FROM = "20260102-15:00:00";
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const tell = (step, outcome, seen = null, why = "") => console.log(JSON.stringify({ step, outcome, seen, why }));

class Session {
  constructor() {
    this.request = 9000;
    this.stock = { symbol: "AAPL", secType: "STK", exchange: "SMART", currency: "USD" };
    this.start();
  }

  start() {
    this.calls = [];
    this.api = new IBApi({ host, port: Number(port) });
    for (const name of Object.values(EventName)) {
      if (["all", "result"].includes(name)) continue;
      this.api.on(name, (...arguments_) => this.calls.push([name, ...arguments_]));
    }
  }

  named(name, ...begin) {
    return this.calls
      .filter((call) => call[0] === name && begin.every((each, index) => call[index + 1] === each))
      .map((call) => call.slice(1));
  }

  async until(condition, patience = PATIENCE) {
    const end = Date.now() + patience;
    while (!condition()) {
      if (Date.now() > end) {
        const errors = this.named("error").slice(-3).map(([problem, code, id]) => [id, code, String(problem)]);
        throw new Error(`nothing came; the last errors: ${JSON.stringify(errors)}`);
      }
      await sleep(5);
    }
  }

  async asked(end, ask) {
    const request = ++this.request;
    ask(request);
    await this.until(() => this.named(end, request).length);
    return request;
  }

  async connect(patience = 2000) {
    this.api.connect(7);
    await this.until(() => this.named("nextValidId").length && this.named("managedAccounts").length, patience);
    this.order = this.named("nextValidId")[0][0];
    this.account = this.named("managedAccounts")[0][0].split(",")[0];
    return { version: this.api.serverVersion, accounts: [this.account] };
  }

  async details() {
    const request = await this.asked("contractDetailsEnd", (id) => this.api.reqContractDetails(id, this.stock));
    const [[, found]] = this.named("contractDetails", request);
    this.stock = found.contract;
    return {
      contract_id: found.contract.conId, name: found.longName, min_tick: found.minTick, zone: found.timeZoneId,
      hours: found.tradingHours, primary: found.contract.primaryExch,
    };
  }

  async unknownContract() {
    const request = ++this.request;
    this.api.reqContractDetails(request, { symbol: "NOSUCH", secType: "STK", exchange: "SMART", currency: "USD" });
    const errors = () => this.named("error").filter((row) => row[2] === request);
    await this.until(() => errors().length);
    return { found: 0, codes: errors().map((row) => row[1]) };
  }

  async chain() {
    const request = await this.asked("securityDefinitionOptionParameterEnd", (id) =>
      this.api.reqSecDefOptParams(id, "AAPL", "", "STK", this.stock.conId));
    const row = this.named("securityDefinitionOptionParameter", request).find((each) => each[1] === "SMART");
    const expirations = [...row[5]].sort(), strikes = [...row[6]].sort((one, other) => one - other);
    [this.expiry, this.strike] = [expirations[3], strikes[Math.floor(strikes.length / 2)]];
    return { expirations, strikes, multiplier: String(row[4]) };
  }

  async option() {
    const wanted = {
      symbol: "AAPL", secType: "OPT", exchange: "SMART", currency: "USD",
      lastTradeDateOrContractMonth: this.expiry, strike: this.strike, right: "C",
    };
    const details = await this.asked("contractDetailsEnd", (id) => this.api.reqContractDetails(id, wanted));
    const found = this.named("contractDetails", details)[0][1].contract;
    const request = ++this.request;
    this.api.reqMktData(request, found, "", false, false);
    const rows = () => this.named("tickOptionComputation", request).filter((row) => row[1] === 13);
    await this.until(() => rows().length);
    this.api.cancelMktData(request);
    const [, , , volatility, delta] = rows()[0].length > 10 ? rows()[0] : [0, 0, 0, ...rows()[0].slice(2)];
    return { contract_id: found.conId, strike: found.strike, volatility, delta, spot: rows()[0].at(-1) };
  }

  async quotes() {
    const request = ++this.request;
    this.api.reqMktData(request, this.stock, "", false, false);
    const prices = (kind) => this.named("tickPrice", request).filter((row) => row[1] === kind).map((row) => row[2]);
    await this.until(() => new Set([...prices(1), ...prices(2)]).size >= 4 && prices(4).length && prices(9).length);
    this.api.cancelMktData(request);
    const pairs = [];
    let [bid, ask] = [null, null];
    for (const [, kind, price] of this.named("tickPrice", request)) {
      if (kind === 1) bid = price;
      if (kind === 2) ask = price;
      if (bid !== null && ask !== null && bid < ask) pairs.push([bid, ask]);
    }
    [this.bid, this.ask] = [prices(1).at(-1), prices(2).at(-1)];
    const sizes = (kind) => Number(this.named("tickSize", request).findLast((row) => row[1] === kind)[2]);
    return { pairs, sizes: [sizes(0), sizes(3)], last: prices(4).at(-1), close: prices(9).at(-1) };
  }

  async bars() {
    const request = ++this.request;
    this.api.reqHistoricalData(request, this.stock, END, "1 D", "5 mins", "TRADES", 1, 2, false);
    const rows = () => this.named("historicalData", request);
    await this.until(() => rows().some((row) => String(row[1]).startsWith("finished")) || this.named("historicalDataEnd", request).length);
    return rows().filter((row) => !String(row[1]).startsWith("finished"))
      .map((row) => [new Date(Number(row[1]) * 1000).toISOString(), row[2], row[3], row[4], row[5], Number(row[6]), row[7]]);
  }

  async updatingBars() {
    const request = ++this.request;
    this.api.reqHistoricalData(request, this.stock, "", "3600 S", "5 mins", "TRADES", 1, 2, true);
    await this.until(() => this.named("historicalDataUpdate", request).length);
    this.api.cancelHistoricalData(request);
    const bars = this.named("historicalData", request).filter((row) => !String(row[1]).startsWith("finished"));
    return { bars: bars.length, updates: this.named("historicalDataUpdate", request).length };
  }

  async depth() {
    const request = ++this.request;
    this.api.reqMktDepth(request, { ...this.stock, exchange: "NASDAQ" }, 5, false);
    const rows = () => [
      ...this.named("updateMktDepth", request).map((row) => [row[3], row[1], row[4], Number(row[5])]),
      ...this.named("updateMktDepthL2", request).map((row) => [row[4], row[1], row[5], Number(row[6])]),
    ];
    await this.until(() => new Set(rows().map((row) => `${row[0]} ${row[1]}`)).size >= 10);
    this.api.cancelMktDepth(request, false);
    const side = (number) => rows().filter((row) => row[0] === number).slice(0, 5).map((row) => row.slice(2));
    return { bids: side(1), asks: side(0) };
  }

  async positions() {
    const before = this.calls.length;
    this.api.reqPositions();
    await this.until(() => this.calls.slice(before).some((call) => call[0] === "positionEnd"));
    this.api.cancelPositions();
    return this.calls.slice(before).filter((call) => call[0] === "position")
      .map(([, account, contract, size, cost]) => [account, contract.conId, size, cost]).sort((a, b) => a[1] - b[1]);
  }

  async summary() {
    const request = await this.asked("accountSummaryEnd", (id) =>
      this.api.reqAccountSummary(id, "All", "NetLiquidation,TotalCashValue,BuyingPower"));
    this.api.cancelAccountSummary(request);
    return Object.fromEntries(this.named("accountSummary", request).map((row) => [row[2], row[3]]));
  }

  async portfolio() {
    this.api.reqAccountUpdates(true, this.account);
    await this.until(() => this.named("accountDownloadEnd").length);
    this.api.reqAccountUpdates(false, this.account);
    return this.named("updatePortfolio").map((row) => [row[7], row[0].conId, row[1], row[4]]).sort((a, b) => a[1] - b[1]);
  }

  place(action, orderType, totalQuantity, more) {
    const number = this.order++;
    this.api.placeOrder(number, this.stock, { orderId: number, action, orderType, totalQuantity, transmit: true, tif: "DAY", ...more });
    return number;
  }

  status(number) {
    return this.named("orderStatus", number).at(-1)?.[1] ?? "";
  }

  async whatIf() {
    const number = this.place("BUY", "LMT", 100, { lmtPrice: this.bid, whatIf: true });
    await this.until(() => this.named("openOrder", number).length);
    const state = this.named("openOrder", number)[0][3];
    return { margin: Number(state.initMarginChange), commission: state.commission ?? null };
  }

  async marketOrder() {
    const number = this.place("BUY", "MKT", 10, {});
    await this.until(() => this.status(number) === "Filled");
    const fills = this.named("execDetails").map((row) => row[2]).filter((fill) => fill.orderId === number);
    const fees = () => Object.fromEntries(this.named("commissionReport").map(([row]) => [row.execId, row.commission]));
    await this.until(() => fills.every((fill) => fees()[fill.execId] !== undefined));
    const last = this.named("orderStatus", number).at(-1);
    return {
      status: last[1], filled: fills.reduce((sum, fill) => sum + fill.shares, 0), executions: fills.map((fill) => fill.execId),
      price: last[4], commission: fills.reduce((sum, fill) => sum + fees()[fill.execId], 0), permanent_id: last[5],
    };
  }

  async bracket() {
    const cents = (price) => Math.round(price * 100) / 100;
    const parent = this.place("BUY", "LMT", 20, { lmtPrice: cents(this.ask * 1.02), transmit: false });
    const profit = this.place("SELL", "LMT", 20, { lmtPrice: cents(this.ask * 1.1), transmit: false, parentId: parent });
    const loss = this.place("SELL", "STP", 20, { auxPrice: cents(this.ask * 0.9), parentId: parent });
    await this.until(() => this.status(parent) === "Filled" && this.status(profit) === "Submitted");
    const alive = [parent, profit, loss].map((each) => this.status(each));
    const before = this.calls.length;
    this.api.reqOpenOrders();
    await this.until(() => this.calls.slice(before).some((call) => call[0] === "openOrderEnd"));
    const ids = this.calls.slice(before).filter((call) => call[0] === "openOrder").map((call) => call[1]);
    this.api.cancelOrder(profit);
    await this.until(() => this.status(profit) === "Cancelled" && this.status(loss) === "Cancelled");
    return {
      alive, open: ids.includes(profit) && ids.includes(loss), after: [parent, profit, loss].map((each) => this.status(each)),
    };
  }

  async restingOrder() {
    const number = this.place("BUY", "LMT", 5, { lmtPrice: Math.round(this.bid * 90) / 100, tif: "GTC" });
    await this.until(() => ["Submitted", "PreSubmitted"].includes(this.status(number)));
    return { permanent_id: this.named("orderStatus", number).at(-1)[5] };
  }

  async executions() {
    const request = await this.asked("execDetailsEnd", (id) => this.api.reqExecutions(id, {}));
    return this.named("execDetails", request).map((row) => [row[2].execId, row[2].shares, row[2].price]).sort();
  }

  async completed() {
    this.api.reqCompletedOrders(false);
    await this.until(() => this.named("completedOrdersEnd").length);
    return this.named("completedOrder").map((row) => [row[1].permId, row[2].status]).sort((a, b) => a[0] - b[0]);
  }

  async pnl() {
    const whole = await this.asked("pnl", (id) => this.api.reqPnL(id, this.account, ""));
    this.api.cancelPnL(whole);
    const single = await this.asked("pnlSingle", (id) => this.api.reqPnLSingle(id, this.account, "", this.stock.conId));
    this.api.cancelPnLSingle(single);
    return { position: this.named("pnlSingle", single)[0][1] };
  }

  async historicalTicks() {
    const request = await this.asked("historicalTicksLast", (id) =>
      this.api.reqHistoricalTicks(id, this.stock, TICKS_FROM, "", 50, "TRADES", 1, false));
    return this.named("historicalTicksLast", request)[0][1]
      .map((tick) => [new Date(tick.time * 1000).toISOString(), tick.price, tick.size]);
  }

  async head() {
    const request = await this.asked("headTimestamp", (id) => this.api.reqHeadTimestamp(id, this.stock, "TRADES", false, 2));
    this.api.cancelHeadTimestamp(request);
    return new Date(Number(this.named("headTimestamp", request)[0][1]) * 1000).toISOString();
  }

  async tickByTick() {
    const request = ++this.request;
    this.api.reqTickByTickData(request, this.stock, "BidAsk", 0, true);
    await this.until(() => this.named("tickByTickBidAsk", request).length >= 3);
    this.api.cancelTickByTickData(request);
    return this.named("tickByTickBidAsk", request).map((row) => [new Date(row[1] * 1000).toISOString(), row[2], row[3]]);
  }

  async realtimeBars() {
    const request = await this.asked("realtimeBar", (id) => this.api.reqRealTimeBars(id, this.stock, 5, "TRADES", false));
    this.api.cancelRealTimeBars(request);
    return this.named("realtimeBar", request).map((row) => [new Date(row[1] * 1000).toISOString(), row[2], row[3], row[4], row[5]]);
  }

  async search() {
    const request = await this.asked("symbolSamples", (id) => this.api.reqMatchingSymbols(id, "AAPL"));
    return this.named("symbolSamples", request)[0][1].map((row) => row.contract.conId);
  }

  async scannerParameters() {
    this.api.reqScannerParameters();
    await this.until(() => this.named("scannerParameters").length);
    const [[document]] = this.named("scannerParameters");
    return { begins: document.trimStart().slice(0, 5), length: document.length };
  }

  async scanner() {
    const wanted = { instrument: "STK", locationCode: "STK.US.MAJOR", scanCode: ScanCode.TOP_PERC_GAIN, numberOfRows: 5 };
    const request = await this.asked("scannerDataEnd", (id) => this.api.reqScannerSubscription(id, wanted, [], []));
    this.api.cancelScannerSubscription(request);
    return this.named("scannerData", request).map((row) => [row[1], row[2].contract.symbol]);
  }

  async news() {
    this.api.reqNewsProviders();
    await this.until(() => this.named("newsProviders").length);
    const codes = this.named("newsProviders")[0][0].map((each) => each.code ?? each.providerCode);
    const request = await this.asked("historicalNewsEnd", (id) =>
      this.api.reqHistoricalNews(id, this.stock.conId, codes.join("+"), "", "", 5, null));
    return { providers: [...codes].sort(), headlines: this.named("historicalNews", request).map((row) => row[3]) };
  }

  async marketRule() {
    this.api.reqMarketRule(26);
    await this.until(() => this.named("marketRule", 26).length);
    return this.named("marketRule", 26)[0][1].map((step) => [step.lowEdge, step.increment]);
  }

  async histogram() {
    const request = await this.asked("histogramData", (id) => this.api.reqHistogramData(id, this.stock, true, 2, "DAY"));
    return { rows: this.named("histogramData", request)[0][1].length };
  }

  async schedule() {
    const request = await this.asked("historicalSchedule", (id) =>
      this.api.reqHistoricalData(id, this.stock, END, "3 D", "1 day", "SCHEDULE", 1, 1, false));
    return this.named("historicalSchedule", request)[0][4].map((each) => [each.startDateTime, each.endDateTime]);
  }

  async restart() {
    this.api.reqCurrentTime();
    await this.until(() => this.named("disconnected").length);
    const failures = [], codes = new Set();
    for (const end = Date.now() + PATIENCE; ; ) {
      this.start();
      try {
        await this.connect(500);
        break;
      } catch (problem) {
        failures.push(problem.constructor.name);
        for (const [, code] of this.named("error")) if (code === 326) codes.add(code);
        this.api.removeAllListeners();
        this.api.disconnect();
        if (Date.now() > end) throw problem;
        await sleep(50);
      }
    }
    this.api.reqOpenOrders();
    await this.until(() => this.named("openOrderEnd").length);
    const request = await this.asked("execDetailsEnd", (id) => this.api.reqExecutions(id, {}));
    const held = await this.positions();
    return {
      failures, codes: [...codes], positions: held.map((row) => [row[1], row[2]]),
      open: [...new Set(this.named("openOrder").map((row) => row[2].permId))], executions: this.named("execDetails", request).length,
    };
  }

  async run() {
    const steps = {
      "connect": this.connect, "contract details": this.details, "unknown contract": this.unknownContract,
      "option chain": this.chain, "option": this.option, "quotes": this.quotes, "bars": this.bars,
      "updating bars": this.updatingBars, "depth": this.depth, "positions": this.positions,
      "account summary": this.summary, "portfolio": this.portfolio, "what-if": this.whatIf,
      "market order": this.marketOrder, "bracket": this.bracket, "resting order": this.restingOrder,
      "executions": this.executions, "completed orders": this.completed, "pnl": this.pnl,
      "historical ticks": this.historicalTicks, "head timestamp": this.head, "tick by tick": this.tickByTick,
      "real-time bars": this.realtimeBars, "search": this.search, "scanner parameters": this.scannerParameters,
      "scanner": this.scanner, "news": this.news, "market rule": this.marketRule, "histogram": this.histogram,
      "schedule": this.schedule, "nightly restart": this.restart,
    };
    for (const [name, step] of Object.entries(steps)) {
      try {
        tell(name, "ok", await step.call(this));
      } catch (problem) {
        console.error(problem);
        tell(name, "failed", null, String(problem.message));
      }
    }
    process.exit(0);
  }
}

await new Session().run();
