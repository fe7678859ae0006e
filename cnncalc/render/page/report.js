"use strict";
// The script of the report: folding, sorting and searching the table, one selection for table, charts, drawing, panel
// and address, the receptive field on the picture, and exports. The page is complete without it; what needs it is
// hidden until it runs. Texts of the network are put in with `textContent` only.
{
  /** @typedef {number | string} Figure a number, as digits where it is beyond 2**53 */
  /** @typedef {{size: number[], stride: number[], start: number[], exact: boolean, varies: boolean, folded: boolean,
   *             gated: boolean}} Field */
  /** @typedef {{size: number[], start: number[], all: boolean, exact: boolean, gated: boolean}} Whole */
  /** @typedef {{text: string, by: {[input: string]: Field | null}, whole: {[input: string]: Whole},
   *             centred: boolean}} Seen */
  /** @typedef {{kind: string, call: string, heading: string, settings: string,
   *             arguments: [string, string][], inputs: number[][], input: string, output: number[],
   *             weights: [string, number[]][]}} LayerRecord */
  /** @typedef {{input: string, width: number, height: number, axes: number}} Picture */
  /** @typedef {{input: HTMLInputElement, name: string, back: number}} Slider of the axis `back` before the end */
  /** @typedef {{x: number, y: number, width: number, height: number}} Box */
  /** @typedef {{path: string[], line: number[], record: number[], sources: number[][], parameters: Figure[],
   *             weights: Figure[], biases: Figure[], buffers: Figure[], macs: Figure[], multiplications: Figure[],
   *             activations: Figure[], memory: Figure[], field: number[], lines: number[],
   *             shares: {[layer: string]: string}}} Columns */
  /** @typedef {{label: string, name: string, inputs: {[name: string]: number[]}, output: number[],
   *             totals: {[name: string]: Figure}, picture: Picture | null, layers: Columns, records: LayerRecord[],
   *             fields: Seen[], lines: number[][], texts: string[], bars: number[] | null, drawn: number[]}} Network */
  /** @typedef {{tr: HTMLTableRowElement, level: number, layer: number, parent: Row | null, children: Row[],
   *             open: boolean, hit: boolean, values: {[column: string]: number}, name: string}} Row */
  /** @typedef {"push" | "replace" | "keep"} Visit what a choice does to the history */

  // Rows shown at once, which bound the work of every action; a large table, which is searched rather than read, shows
  // fewer, so that an answer is seen within 100 ms.
  const PAGE = 300;
  const SMALL_PAGE = 100;
  const LARGE = 1000; // rows above which a table is large
  const FEW = 60; // rows up to which a table begins unfolded
  const LINE = 760; // letters of 1 pt in a line of LaTeX's page: 160 mm, less what is between columns
  const SIZES = ["normalsize", "small", "footnotesize", "scriptsize"];
  const DOTS = 400; // units whose centres are drawn
  const FORMULA = /^[=+\-@＝＋－＠]/; // with which a formula begins in a spreadsheet
  const SUMMED = /** @type {const} */ (["parameters", "macs", "activations"]);
  const COUNTED = /** @type {const} */ ([
    "parameters", "weights", "biases", "buffers", "macs", "multiplications", "activations",
  ]);

  /** @template {Element} T @param {ParentNode} within @param {string} selector @param {new () => T} type
   *  @returns {T} */
  const get = (within, selector, type) => {
    const found = within.querySelector(selector);
    if (!(found instanceof type)) throw new Error(`no ${selector}`);
    return found;
  };

  /** @param {Element} element @param {{[name: string]: Figure}} values */
  const setAttributes = (element, values) => {
    for (const [name, value] of Object.entries(values)) element.setAttribute(name, String(value));
  };

  /** @param {string} name @param {string} [css] */
  const makeShape = (name, css) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    if (css) made.setAttribute("class", css);
    return made;
  };

  /** @param {Figure | bigint} value */
  const format = (value) => BigInt(value).toLocaleString("en-US");
  /** @param {Figure[]} sizes */
  const join = (sizes) => sizes.join("×");
  /** @param {number[]} sizes */
  const multiply = (sizes) => sizes.reduce((one, other) => one * other, 1);
  /** A text as it is searched: `3x3` finds 3×3, and `conv(64,3)` conv(64, 3). @param {string} text */
  const simplify = (text) => text.toLowerCase().replaceAll("×", "x").replace(/,\s+/g, ",");
  /** The receptive field that units have of their own, null where all see the same, e.g. after a global pool.
   * @param {Seen} seen @param {string} input @returns {Field | null} */
  const findLocal = ({by, whole}, input) => (whole[input] && !whole[input].gated ? null : (by[input] ?? null));
  /** @param {number} part @param {number} all */
  const percent = (part, all) => `${((100 * part) / (all || 1)).toFixed(1)}%`;

  // ---------------------------------------------------------------------------------------------------- table

  /** The layers as a tree grid: https://www.w3.org/WAI/ARIA/apg/patterns/treegrid/. */
  class Table {
    /** @param {HTMLElement} section @param {Network} network @param {(layer: number, visit: Visit) => void} choose */
    constructor(section, network, choose) {
      this.network = network;
      this.choose = choose;
      this.table = get(section, "table.layers", HTMLTableElement);
      this.body = /** @type {HTMLTableSectionElement} */ (this.table.tBodies[0]);
      this.scroll = get(section, ".scroll", HTMLElement);
      this.count = get(section, ".count", HTMLElement);
      this.pages = get(section, ".pages", HTMLElement);
      this.flat = get(section, "input.flat", HTMLInputElement);
      this.search = get(section, "input.search", HTMLInputElement);
      /** @type {Row[]} */ this.roots = [];
      this.rows = this.readRows();
      this.layers = this.rows.filter((row) => row.layer >= 0);
      /** @type {Row[]} */ this.byLayer = [];
      for (const row of this.layers) this.byLayer[row.layer] = row;
      this.shown = this.rows; // those that are not hidden
      /** @type {Row[]} */ this.list = []; // those that a page is taken of
      this.from = 0; // where in the list the page begins
      this.most = this.rows.length > LARGE ? SMALL_PAGE : PAGE; // rows of a page on the screen
      this.size = this.most; // how many rows it has
      this.column = "layer";
      this.falling = false;
      this.moved = false; // whether rows of the document may be in another order
      /** @type {string[]} */ this.words = [];
      /** @type {string[] | null} */ this.texts = null;
      this.current = this.rows[0]; // the one in the order of tabs
      /** @type {Row | null} */ this.chosen = null;
      this.describe();
      this.listen(section);
      this.fold(this.rows.length <= FEW);
      this.hold(this.current);
    }

    /** The rows as a tree, by their levels. */
    readRows() {
      /** @type {Row[]} */ const groups = [];
      return [...this.body.rows].map((tr) => {
        const level = Number(tr.dataset.level);
        while ((groups.at(-1)?.level ?? -1) >= level) groups.pop();
        const parent = groups.at(-1) ?? null;
        const layer = Number(tr.dataset.layer ?? -1);
        /** @type {Row} */
        const row = {tr, level, layer, parent, children: [], open: true, hit: true, values: {}, name: ""};
        (parent ? parent.children : this.roots).push(row);
        if (layer < 0) groups.push(row);
        return row;
      });
    }

    /** State what the table is to assistive technology, and make the heads that sort buttons. */
    describe() {
      this.table.setAttribute("role", "treegrid");
      for (const {tr, level, layer} of this.rows) {
        tr.tabIndex = -1;
        setAttributes(tr, {"aria-level": level + 1});
        if (layer >= 0) setAttributes(tr, {"aria-selected": "false"});
      }
      for (const head of this.table.querySelectorAll("thead th")) {
        const name = /** @type {HTMLElement} */ (head).dataset.column ?? "";
        if (name !== "layer" && !(name in this.value(0))) continue;
        const button = document.createElement("button");
        button.type = "button";
        button.className = "sort";
        button.append(...head.childNodes);
        head.setAttribute("data-title", button.textContent ?? ""); // for paper
        head.append(button);
        button.addEventListener("click", () => this.sortBy(name));
      }
      this.markSort();
    }

    /** @param {HTMLElement} section */
    listen(section) {
      this.body.addEventListener("click", (event) => this.click(event));
      this.body.addEventListener("keydown", (event) => this.press(event));
      this.search.addEventListener("focus", () => (this.texts ??= this.makeTexts())); // before the first letter
      this.search.addEventListener("input", () => this.find(this.search.value));
      this.flat.addEventListener("change", () => this.update());
      get(section, "button.unfold", HTMLElement).addEventListener("click", () => this.fold(true));
      get(section, "button.fold", HTMLElement).addEventListener("click", () => this.fold(false));
      get(section, "button.previous", HTMLElement).addEventListener("click", () => this.turn(-this.size));
      get(section, "button.next", HTMLElement).addEventListener("click", () => this.turn(this.size));
    }

    /** What a layer is sorted by. @param {number} layer @returns {{[column: string]: number}} */
    value(layer) {
      const {layers, records, fields} = this.network;
      const [size] = Object.values(fields[layers.field[layer]].by).map((field) => field?.size ?? []);
      return {
        layer,
        output: multiply(records[layers.record[layer]].output),
        parameters: Number(layers.parameters[layer]),
        macs: Number(layers.macs[layer]),
        activations: Number(layers.activations[layer]),
        receptive_field: size?.length ? multiply(size) : -1,
      };
    }

    /** What rows are sorted by: of a group its sums, its first layer, and what its last has. @param {Row} row */
    evaluate(row) {
      if (!("layer" in row.values)) {
        if (row.layer >= 0) row.values = this.value(row.layer);
        else {
          const parts = row.children.map((child) => this.evaluate(child));
          row.values = {...parts.at(-1), layer: parts[0].layer};
          for (const name of SUMMED) row.values[name] = parts.reduce((sum, part) => sum + part[name], 0);
        }
      }
      return row.values;
    }

    /** @param {Row[]} rows */
    sorted(rows) {
      if (this.column === "layer" && !this.falling) return rows;
      const [name, sign] = [this.column, this.falling ? -1 : 1];
      return [...rows].sort((one, other) => {
        const [a, b] = [this.evaluate(one), this.evaluate(other)];
        return sign * (a[name] - b[name]) || a.layer - b.layer;
      });
    }

    /** The largest first; of the layers the first; a second time the other way round. @param {string} name */
    sortBy(name) {
      this.falling = this.column === name ? !this.falling : name !== "layer";
      this.column = name;
      this.moved = true;
      this.markSort();
      this.update();
    }

    markSort() {
      for (const head of this.table.querySelectorAll("thead th")) {
        if (!head.querySelector(".sort")) continue;
        const here = /** @type {HTMLElement} */ (head).dataset.column === this.column;
        head.setAttribute("aria-sort", here ? (this.falling ? "descending" : "ascending") : "none");
      }
    }

    /** @param {boolean} open */
    fold(open) {
      for (const row of this.rows) row.open = open;
      this.update();
    }

    /** @param {Row} row @param {boolean} open */
    toggle(row, open) {
      row.open = open;
      this.update(this.from);
      this.focus(row);
    }

    /** Show the layers with all of these words in their path, kind, settings, sizes or groups. @param {string} query */
    find(query) {
      this.words = simplify(query).split(/\s+/).filter(Boolean);
      this.texts ??= this.makeTexts();
      for (const row of this.rows) row.hit = !this.words.length;
      if (this.words.length) {
        this.layers.forEach((row, index) => {
          const text = /** @type {string[]} */ (this.texts)[index];
          if (!this.words.every((word) => text.includes(word))) return;
          for (let each = /** @type {Row | null} */ (row); each && !each.hit; each = each.parent) {
            each.hit = true;
            each.open = true;
          }
        });
      }
      this.update();
    }

    /** The text of each layer that is searched. */
    makeTexts() {
      const {layers, records} = this.network;
      const known = records.map(({kind, call, settings, output}) => {
        return simplify([kind, call, settings, join(output)].join("\n"));
      });
      /** @type {Map<Row | null, string>} */
      const groups = new Map([[null, ""]]);
      /** @param {Row | null} row @returns {string} */
      const describeGroups = (row) => {
        let text = groups.get(row);
        if (row && text === undefined) {
          text = `${simplify(row.tr.cells[1].textContent ?? "")}\n${describeGroups(row.parent)}`;
          groups.set(row, text);
        }
        return text ?? "";
      };
      return this.layers.map(({layer, parent}) => {
        return `${simplify(layers.path[layer])}\n${known[layers.record[layer]]}\n${describeGroups(parent)}`;
      });
    }

    /** The rows that are not folded away and fit the search, in order. */
    makeList() {
      if (this.flat.checked) return this.sorted(this.layers.filter((row) => row.hit));
      /** @type {Row[]} */ const found = [];
      /** @param {Row[]} rows */
      const walk = (rows) => {
        for (const row of this.sorted(rows)) {
          if (!row.hit) continue;
          found.push(row);
          if (row.layer < 0 && row.open) walk(row.children);
        }
      };
      walk(this.roots);
      return found;
    }

    /** Show a page of the list anew. @param {number} [from] its first row */
    update(from = 0) {
      this.list = this.makeList();
      this.from = Math.max(0, Math.min(from, this.list.length - 1));
      const page = this.list.slice(this.from, this.from + this.size);
      const kept = new Set(page);
      const held = document.activeElement;
      for (const row of this.shown) if (!kept.has(row)) row.tr.hidden = true;
      for (const row of page) {
        row.tr.hidden = false;
        this.name(row);
        if (row.layer < 0) setAttributes(row.tr, {"aria-expanded": String(row.open)});
      }
      if (this.moved) {
        this.body.append(...page.map((row) => row.tr));
        if (held instanceof HTMLElement && kept.has(this.current) && held === this.current.tr) held.focus();
      }
      this.shown = page;
      this.table.classList.toggle("without-groups", this.flat.checked);
      this.pages.hidden = this.list.length <= this.size;
      get(this.pages, ".previous", HTMLButtonElement).disabled = !this.from;
      get(this.pages, ".next", HTMLButtonElement).disabled = this.from + this.size >= this.list.length;
      if (!kept.has(this.current) && page.length) this.hold(page[0]);
      this.report();
    }

    /** Without groups a layer is named by its path. @param {Row} row */
    name(row) {
      const text = row.tr.cells[0].lastChild;
      if (!text || row.layer < 0) return;
      row.name ||= text.textContent ?? "";
      const wanted = this.flat.checked ? this.network.layers.path[row.layer] : row.name;
      if (text.textContent !== wanted) text.textContent = wanted;
    }

    /** Say what is shown: with a search the sums of what was found. */
    report() {
      const all = this.layers.length;
      const part =
        this.list.length > this.size
          ? `rows ${format(this.from + 1)} to ${format(this.from + this.shown.length)} of ${format(this.list.length)}; `
          : "";
      if (!this.words.length) {
        this.count.textContent = `${part}${format(all)} layers`;
        return;
      }
      const {layers, totals} = this.network;
      const found = this.layers.filter((row) => row.hit);
      const sums = SUMMED.map((name) => {
        const sum = found.reduce((total, row) => total + BigInt(layers[name][row.layer]), 0n);
        return `${format(sum)} ${name} (${percent(Number(sum), Number(totals[name]))})`;
      });
      this.count.textContent = `${part}${format(found.length)} of ${format(all)} layers: ${sums.join(", ")}`;
    }

    /** Paper gets all rows that are not folded away. @param {boolean} begun */
    print(begun) {
      this.size = begun ? Infinity : this.most;
      this.update(begun ? 0 : this.from);
    }

    /** @param {number} rows */
    turn(rows) {
      this.update(this.from + rows);
      this.scroll.scrollTop = 0;
    }

    /** Mark a layer as chosen. @param {number} layer */
    mark(layer) {
      const row = this.byLayer[layer];
      if (this.chosen) {
        this.chosen.tr.classList.remove("chosen");
        setAttributes(this.chosen.tr, {"aria-selected": "false"});
      }
      this.chosen = row;
      row.tr.classList.add("chosen");
      setAttributes(row.tr, {"aria-selected": "true"});
    }

    /** Bring a layer into view, unless a search leaves it out. @param {number} layer */
    reveal(layer) {
      const row = this.byLayer[layer];
      if (!row.hit) return;
      let folded = false;
      for (let each = row.parent; each; each = each.parent) {
        folded ||= !each.open;
        each.open = true;
      }
      if (folded) this.update(this.from);
      const place = this.list.indexOf(row);
      if (place < this.from || place >= this.from + this.size) this.update(place - (place % this.size));
      this.hold(row);
      const [top, bottom] = [row.tr.offsetTop, row.tr.offsetTop + row.tr.offsetHeight];
      const head = this.table.tHead?.offsetHeight ?? 0;
      if (top - head < this.scroll.scrollTop) this.scroll.scrollTop = top - head;
      else if (bottom > this.scroll.scrollTop + this.scroll.clientHeight) {
        this.scroll.scrollTop = bottom - this.scroll.clientHeight;
      }
    }

    /** Put a row into the order of tabs. @param {Row} row */
    hold(row) {
      this.current.tr.tabIndex = -1;
      this.current = row;
      row.tr.tabIndex = 0;
    }

    /** @param {Row | undefined} row */
    focus(row) {
      if (!row) return;
      const place = this.list.indexOf(row);
      if (place < this.from || place >= this.from + this.size) this.update(place - (place % this.size));
      this.hold(row);
      row.tr.focus();
    }

    /** @param {Event} event @returns {Row | undefined} */
    rowOf(event) {
      const tr = event.target instanceof Element ? event.target.closest("tr") : null;
      return this.shown.find((row) => row.tr === tr);
    }

    /** @param {MouseEvent} event */
    click(event) {
      const row = this.rowOf(event);
      if (!row) return;
      if (row.layer < 0) return this.toggle(row, !row.open);
      this.choose(row.layer, "push");
      this.focus(row);
    }

    /** @param {KeyboardEvent} event */
    press(event) {
      const row = this.rowOf(event);
      if (!row || event.ctrlKey || event.altKey || event.metaKey) return;
      const place = this.list.indexOf(row);
      const last = this.list.length - 1;
      const group = row.layer < 0;
      /** @type {{[key: string]: () => void}} */
      const actions = {
        ArrowDown: () => this.walk(this.list[place + 1]),
        ArrowUp: () => this.walk(this.list[place - 1]),
        PageDown: () => this.walk(this.list[Math.min(place + 10, last)]),
        PageUp: () => this.walk(this.list[Math.max(place - 10, 0)]),
        Home: () => this.walk(this.list[0]),
        End: () => this.walk(this.list[last]),
        ArrowRight: () =>
          group && !row.open ? this.toggle(row, true) : group ? this.walk(this.list[place + 1]) : undefined,
        ArrowLeft: () => (group && row.open ? this.toggle(row, false) : this.walk(row.parent ?? undefined)),
        Enter: () => (group ? this.toggle(row, !row.open) : this.choose(row.layer, "push")),
      };
      actions[" "] = actions.Enter;
      const action = actions[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    }

    /** Go to a row, and choose its layer. @param {Row | undefined} row */
    walk(row) {
      if (!row || !this.list.includes(row)) return;
      this.focus(row);
      if (row.layer >= 0) this.choose(row.layer, "replace");
    }
  }

  // ---------------------------------------------------------------------------------------------------- panel

  /** What is said of the chosen layer. */
  class Panel {
    /** @param {HTMLElement} section @param {Network} network */
    constructor(section, network) {
      this.section = section;
      this.network = network;
      const figure = section.querySelector("figure.field");
      this.field =
        figure instanceof HTMLElement && network.picture ? new FieldPicture(figure, network, network.picture) : null;
    }

    /** @param {number} layer */
    show(layer) {
      const {layers, records, lines, texts} = this.network;
      const record = records[layers.record[layer]];
      const parts = layers.path[layer].split(/(?<=\.)/); // between which a line may break
      const path = get(this.section, ".path", HTMLElement);
      path.replaceChildren(...parts.flatMap((part) => [part, document.createElement("wbr")]));
      get(this.section, ".call", HTMLElement).textContent = record.heading;
      const numbers = (lines[layers.lines[layer]] ?? []).map((text) => texts[text]);
      const labels = numbers.filter((_, k) => k % 2 === 0);
      this.fill("lines", labels.map((label, k) => [label, numbers[2 * k + 1]]));
      this.fill("arguments", record.arguments);
      this.fill("weights", record.weights.map(([name, sizes]) => [name, join(sizes)]));
      this.field?.show(layer);
    }

    /** @param {string} css @param {[string, string][]} rows */
    fill(css, rows) {
      const table = get(this.section, `table.${css}`, HTMLTableElement);
      table.hidden = !rows.length;
      table.tBodies[0].replaceChildren(
        ...rows.map(([label, text]) => {
          const tr = document.createElement("tr");
          const head = document.createElement("th");
          head.scope = "row";
          head.textContent = label;
          tr.append(head);
          tr.insertCell().textContent = text;
          return tr;
        }),
      );
    }
  }

  /** What one unit of the chosen layer sees of the input, as a rectangle on its picture; sliders choose the unit. */
  class FieldPicture {
    /** @param {HTMLElement} figure @param {Network} network @param {Picture} canvas */
    constructor(figure, network, canvas) {
      this.network = network;
      this.canvas = canvas;
      this.caption = get(figure, "figcaption", HTMLElement);
      this.tools = get(figure, ".sliders", HTMLElement);
      this.picture = get(figure, "svg.picture", SVGSVGElement);
      this.rectangle = get(this.picture, ".seen", SVGElement);
      this.rectangle.removeAttribute("hidden");
      this.outside = get(this.picture, ".outside", SVGElement);
      this.dots = makeShape("g", "units");
      this.picture.append(this.dots);
      setAttributes(this.picture, {"aria-label": "The input, and what a unit sees of it"});
      /** @type {Slider[]} */
      this.sliders = [{input: get(figure, "input.unit-x", HTMLInputElement), name: "column", back: 1}];
      if (canvas.axes > 1)
        this.sliders.push({input: get(figure, "input.unit-y", HTMLInputElement), name: "row", back: 2});
      for (const {input} of this.sliders) input.addEventListener("input", () => this.draw());
      this.picture.addEventListener("click", (event) => this.point(event));
      /** @type {Seen} */ this.seen = {text: "", by: {}, whole: {}, centred: true};
      this.input = canvas.input; // of the network, on whose picture the field is shown
      /** @type {Field | null} */ this.field = null;
      /** @type {number[]} */ this.units = []; // the sizes of the map, [] if its units have no field of their own
    }

    /** @param {number} layer */
    show(layer) {
      const {layers, records, fields} = this.network;
      this.seen = fields[layers.field[layer]];
      const sizes = records[layers.record[layer]].output.slice(1);
      this.input = this.chooseInput();
      const field = findLocal(this.seen, this.input);
      this.field = field && field.size.length === sizes.length && sizes.length >= this.canvas.axes ? field : null;
      this.units = this.field ? sizes : [];
      this.tools.hidden = !this.field;
      for (const {input, back} of this.sliders) {
        const units = this.units.at(-back) ?? 1;
        input.max = String(units - 1);
        input.value = String(units >> 1);
      }
      this.zoom();
      this.draw();
    }

    /** The picture's input, or another one of its size where the layer sees only that. */
    chooseInput() {
      const {inputs} = this.network;
      const {input} = this.canvas;
      const size = join(inputs[input].slice(1));
      const others = Object.keys(this.seen.by).filter((name) => join(inputs[name].slice(1)) === size);
      return others.includes(input) ? input : (others[0] ?? input);
    }

    /** @returns {string} */
    get named() {
      return Object.keys(this.network.inputs).length > 1 ? `input ${this.input}` : "input";
    }

    /** The chosen unit, the middle one along axes that have no slider. */
    get unit() {
      const unit = this.units.map((size) => size >> 1);
      if (unit.length) for (const {input, back} of this.sliders) unit[unit.length - back] = Number(input.value);
      return unit;
    }

    /** The first position that a unit sees along an axis; a stride such as 1/3 is rounded.
     * @param {Field} field @param {number} axis @param {number} unit */
    start(field, axis, unit) {
      return field.start[axis] + Math.floor(unit * field.stride[axis] + 1e-9);
    }

    draw() {
      const {field, canvas, unit} = this;
      const whole = this.seen.whole[this.input];
      /** @type {Box} */
      let box = {x: 0, y: 0, width: 0, height: 0};
      if (field) box = this.frame((axis) => this.start(field, axis, unit[axis]), field.size);
      else if (whole?.all) box = {...box, width: canvas.width, height: canvas.height};
      else if (whole) box = this.frame((axis) => whole.start[axis], whole.size);
      for (const {input, name, back} of this.sliders) {
        const axis = unit.length - back;
        if (field) setAttributes(input, {"aria-valuetext": `${name} ${unit[axis]} of ${this.units[axis]}`});
      }
      setAttributes(this.rectangle, {...box});
      this.drawDots();
      const said = field ? this.describe(field, unit) : [];
      if (field && whole) said.push("Through gates, norms or attention it sees positions beyond.");
      else if (whole) said.push(`Every unit sees ${whole.all ? "the whole" : "this part of the"} ${this.named}.`);
      this.caption.textContent = said.join(" ") || "The units of this layer have no position on the input.";
    }

    /** The box of intervals along the axes, of which the last is across. @param {(axis: number) => number} start
     * @param {number[]} sizes @returns {Box} */
    frame(start, sizes) {
      const last = sizes.length - 1;
      const across = {x: start(last), width: sizes[last]};
      if (this.canvas.axes < 2 || !last) return {...across, y: 0, height: this.canvas.height};
      return {...across, y: start(last - 1), height: sizes[last - 1]};
    }

    /** Show the picture with all that any unit of the layer sees, so that it stands still while units are chosen. */
    zoom() {
      const {field, canvas, units} = this;
      const boxes = [{x: 0, y: 0, width: canvas.width, height: canvas.height}];
      if (field) {
        boxes.push(this.frame((axis) => this.start(field, axis, 0), field.size));
        boxes.push(this.frame((axis) => this.start(field, axis, units[axis] - 1), field.size));
      }
      const [left, top] = [Math.min(...boxes.map((box) => box.x)), Math.min(...boxes.map((box) => box.y))];
      const across = Math.max(...boxes.map((box) => box.x + box.width)) - left;
      const down = Math.max(...boxes.map((box) => box.y + box.height)) - top;
      const margin = Math.max(across, down) * 0.03;
      const [x, y, width, height] = [left - margin, top - margin, across + 2 * margin, down + 2 * margin];
      setAttributes(this.outside, {x, y, width, height});
      setAttributes(this.picture, {viewBox: `${x} ${y} ${width} ${height}`});
    }

    /** Mark the centres of the units, where they are few enough to be told apart. */
    drawDots() {
      const {field, units, unit} = this;
      this.dots.replaceChildren();
      if (!field || units.length !== 2 || multiply(units) > DOTS) return;
      /** @param {number} axis @param {number} unit */
      const centre = (axis, unit) => this.start(field, axis, unit) + field.size[axis] / 2;
      const radius = Math.min(this.canvas.width, this.canvas.height) / 120;
      for (let row = 0; row < units[0]; row++) {
        for (let column = 0; column < units[1]; column++) {
          const chosen = row === unit[0] && column === unit[1];
          const dot = makeShape("circle", chosen ? "unit chosen" : "unit");
          setAttributes(dot, {cx: centre(1, column), cy: centre(0, row), r: chosen ? 2 * radius : radius});
          this.dots.append(dot);
        }
      }
    }

    /** @param {Field} field @param {number[]} unit */
    describe(field, unit) {
      const sizes = this.network.inputs[this.input].slice(1);
      const spans = unit.map((each, axis) => {
        const first = this.start(field, axis, each);
        return {first, last: first + field.size[axis] - 1};
      });
      const inside = spans.map(({first, last}, axis) => {
        return Math.max(0, Math.min(last, sizes[axis] - 1) - Math.max(first, 0) + 1);
      });
      const names = unit.length > 1 ? ["planes", "rows", "columns"].slice(-unit.length) : ["positions"];
      const read = spans.map(({first, last}, axis) => `${names[axis] ?? `axis ${axis}`} ${first} to ${last}`);
      const about = field.exact && !field.varies ? "" : "about ";
      const beyond = multiply(field.size) - multiply(inside);
      const parts = [
        `Unit (${unit.join(", ")}) of ${join(this.units)} sees ${about}${join(field.size)} positions:`,
        `${read.join(", ").replaceAll("-", "−")}.`,
        `That is ${percent(multiply(inside), multiply(sizes))} of the ${this.named}` +
          (beyond > 0 ? `, and ${format(beyond)} positions of padding.` : "."),
      ];
      if (!this.seen.centred) parts.push("The branches that meet here look at different positions.");
      return parts;
    }

    /** Choose the unit whose centre is nearest to a click. @param {MouseEvent} event */
    point(event) {
      const {field} = this;
      const matrix = this.picture.getScreenCTM();
      if (!field || !matrix) return;
      const {x, y} = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
      for (const {input, back} of this.sliders) {
        const axis = this.units.length - back;
        const place = (back === 1 ? x : y) - field.size[axis] / 2 - field.start[axis];
        input.value = String(Math.round(place / field.stride[axis]));
      }
      this.draw();
    }
  }

  // ------------------------------------------------------------------------------------------ charts, drawing

  /** A chart of the layers in order; a click chooses the one below it. */
  class Chart {
    /** @param {HTMLElement} figure @param {Network} network @param {(layer: number, visit: Visit) => void} choose */
    constructor(figure, network, choose) {
      const svg = get(figure, "svg", SVGSVGElement);
      this.network = network;
      this.bars = figure.dataset.figure === "memory" ? null : network.bars;
      this.slots = this.bars?.length ?? network.layers.path.length;
      this.cursor = makeShape("rect", "cursor");
      setAttributes(this.cursor, {y: 0, height: 100, width: Math.max(1, this.slots / 400)});
      svg.append(this.cursor);
      svg.addEventListener("click", (event) => {
        const box = svg.getBoundingClientRect();
        const slot = Math.floor(((event.clientX - box.left) / box.width) * this.slots);
        const place = Math.max(0, Math.min(slot, this.slots - 1));
        choose(this.bars ? this.bars[place] : place, "push");
      });
    }

    /** @param {number} layer */
    mark(layer) {
      const slot = this.bars ? this.bars.findLastIndex((first) => first <= layer) : layer;
      setAttributes(this.cursor, {x: slot});
    }
  }

  /** The drawing: a click chooses the first layer of a box, and the box of the chosen layer is marked. */
  class Drawing {
    /** @param {HTMLElement} section @param {Network} network @param {string} prefix
     *  @param {(layer: number, visit: Visit) => void} choose */
    constructor(section, network, prefix, choose) {
      this.section = section;
      this.network = network;
      this.prefix = prefix;
      /** @type {Element | null} */ this.chosen = null;
      section.addEventListener("click", (event) => {
        const box = event.target instanceof Element ? event.target.closest(`g[id^="${prefix}"]`) : null;
        if (box) choose(Number(box.id.slice(prefix.length)), "push");
      });
    }

    /** @param {number} layer */
    mark(layer) {
      this.chosen?.classList.remove("chosen");
      const number = this.network.drawn[layer] ?? -1;
      this.chosen = number < 0 ? null : document.getElementById(`${this.prefix}${number}`);
      if (!this.chosen) return;
      this.chosen.classList.add("chosen");
      const scroll = /** @type {Element} */ (this.section.querySelector(".scroll"));
      const [box, frame] = [this.chosen.getBoundingClientRect(), scroll.getBoundingClientRect()];
      if (box.top < frame.top) scroll.scrollTop += box.top - frame.top - 20;
      else if (box.bottom > frame.bottom) scroll.scrollTop += box.bottom - frame.bottom + 20;
      if (box.left < frame.left) scroll.scrollLeft += box.left - frame.left - 20;
      else if (box.right > frame.right) scroll.scrollLeft += box.right - frame.right + 20;
    }

    /** The drawing as a document. */
    write() {
      const svg = this.section.querySelector("svg");
      if (!svg) return "";
      const copy = /** @type {SVGElement} */ (svg.cloneNode(true));
      copy.querySelector(".chosen")?.removeAttribute("class");
      return `${new XMLSerializer().serializeToString(copy)}\n`;
    }
  }

  // -------------------------------------------------------------------------------------------------- exports

  /** A number for JSON, with all its digits where the browser can. @param {Figure} value @returns {unknown} */
  const toJson = (value) => {
    const {rawJSON} = /** @type {{rawJSON?: (text: string) => unknown}} */ (JSON);
    return typeof value === "string" && rawJSON ? rawJSON(value) : value;
  };

  /** The figures of a network, as `summary --format json` names them. @param {Network} network */
  const makeDocument = ({name, inputs, output, totals, layers, records, fields}) => ({
    format: 1,
    name,
    input: Object.values(inputs)[0],
    inputs,
    output,
    totals,
    layers: layers.path.map((path, k) => {
      const record = records[layers.record[k]];
      const seen = fields[layers.field[k]];
      const figures = Object.fromEntries(COUNTED.map((figure) => [figure, toJson(layers[figure][k])]));
      return {
        path,
        kind: record.kind,
        line: layers.line[k],
        settings: record.call,
        sources: layers.sources[k].map((each) => (each < 0 ? nameInput(inputs, each) : layers.path[each])),
        inputs: record.inputs,
        output: record.output,
        ...figures,
        receptive_field: Object.values(seen.by)[0] ?? null,
        receptive_fields: seen.by,
        centred: seen.centred,
        shares: layers.shares[k] ?? null,
      };
    }),
  });

  /** @param {{[name: string]: number[]}} inputs @param {number} index −1 is the first */
  const nameInput = (inputs, index) => {
    const name = Object.keys(inputs)[-1 - index];
    return name === "input" ? name : `input.${name}`;
  };

  /** What a unit sees of the first input that reaches it: sizes, or "all". @param {Seen} seen */
  const writeField = (seen) => {
    const input = Object.keys(seen.by)[0] ?? "";
    const field = findLocal(seen, input);
    if (field) return join(field.size);
    const whole = seen.whole[input];
    return whole ? (whole.all ? "all" : join(whole.size)) : "";
  };

  /** A row for each layer, with no cell that a spreadsheet reads as a formula. @param {Network} network */
  const writeCsv = (network) => {
    const document = makeDocument(network);
    const {layers, records, fields} = network;
    const before = ["layer", "kind", "line", "settings", "input", "output"];
    const header = [...before, ...COUNTED, "receptive_field", "stride", "start"];
    /** @param {unknown} value */
    const cell = (value) => {
      let text = String(value).replaceAll("×", "x");
      if (FORMULA.test(text) && !/^-?[0-9]+(\.[0-9]+)?$/.test(text)) text = `'${text}`;
      return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    };
    const rows = document.layers.map((layer, k) => [
      layer.path,
      layer.kind,
      layer.line,
      records[layers.record[k]].settings,
      records[layers.record[k]].input,
      join(layer.output),
      ...COUNTED.map((name) => layers[name][k]),
      writeField(fields[layers.field[k]]),
      join(layer.receptive_field?.stride ?? []),
      join(layer.receptive_field?.start ?? []),
    ]);
    return [header, ...rows].map((row) => `${row.map(cell).join(",")}\n`).join("");
  };

  /** The table as it is shown. @param {Table} table @param {{[char: string]: string}} escapes */
  const writeLatex = (table, escapes) => {
    /** @param {string} text */
    const escape = (text) =>
      [...text].map((char) => escapes[char] ?? (/[ -~À-ÿ]/.test(char) ? char : codePoint(char))).join("");
    /** @param {string} char */
    const codePoint = (char) => `\\texttt{U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}}`;
    /** @param {HTMLTableRowElement | undefined} tr @param {number} level @param {boolean} bold */
    const line = (tr, level, bold) => {
      const cells = [...(tr?.cells ?? [])].map((cell) => escape(cell.textContent?.trim() ?? ""));
      cells[0] = "\\quad ".repeat(level) + (bold ? `\\textbf{${cells[0]}}` : cells[0]);
      return `{}${cells.join(" & ")} \\\\\n`; // {}: a bracket would be read as an argument of the \\ before
    };
    const head = table.table.tHead?.rows[0];
    const columns = [...(head?.cells ?? [])].map((_, k) => (k < 2 ? "l" : "r")).join("");
    const rows = table.list.map((row) => line(row.tr, table.flat.checked ? 0 : row.level, row.layer < 0)).join("");
    const longest = [...columns].map((_, k) => {
      const lengths = table.list.map(({tr, level}) => (tr.cells[k].textContent ?? "").length + (k ? 0 : 2 * level));
      return lengths.reduce((one, other) => Math.max(one, other), 0);
    });
    const letters = longest.reduce((sum, length) => sum + length, 0);
    const size = SIZES[[10, 9, 8].filter((points) => letters * points > LINE).length];
    return (
      `% for \\input{...}; needs \\usepackage{booktabs,longtable}\n{\\${size}\\setlength{\\tabcolsep}{4pt}\n` +
      `\\begin{longtable}{@{}${columns}@{}}\n\\toprule\n${line(head, 0, false)}\\midrule\n\\endhead\n${rows}` +
      `\\midrule\n${line(table.table.tFoot?.rows[0], 0, true)}\\bottomrule\n\\end{longtable}}\n`
    );
  };

  /** Offer a file. @param {string} name @param {string} type @param {string} text */
  const save = (name, type, text) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], {type}));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };

  // ----------------------------------------------------------------------------------------- the whole page

  /** A network on the page: all that shows its chosen layer. */
  class View {
    /** @param {HTMLElement} article @param {Network} network @param {number} index */
    constructor(article, network, index) {
      this.article = article;
      this.network = network;
      this.index = index;
      /** @type {(layer: number, visit: Visit) => void} */
      const choose = (layer, visit) => this.choose(layer, visit);
      this.table = new Table(get(article, "section.layers", HTMLElement), network, choose);
      this.panel = new Panel(get(article, "section.panel", HTMLElement), network);
      this.charts = [...article.querySelectorAll("figure.chart")].map(
        (figure) => new Chart(/** @type {HTMLElement} */ (figure), network, choose),
      );
      const drawing = get(article, "section.drawing", HTMLElement);
      this.drawing = new Drawing(drawing, network, `n${index}-layer-`, choose);
      const first = get(article, ".panel .path", HTMLElement).textContent ?? "";
      this.first = Math.max(0, network.layers.path.indexOf(first));
      this.layer = -1;
    }

    /** @param {number} layer @param {Visit} visit */
    choose(layer, visit) {
      if (layer !== this.layer) {
        this.layer = layer;
        this.table.mark(layer);
        this.panel.show(layer);
        for (const chart of this.charts) chart.mark(layer);
        this.drawing.mark(layer);
      }
      if (visit !== "keep" || location.hash) this.table.reveal(layer);
      if (visit !== "keep") address.write(this, visit);
    }

    /** @param {string} kind @param {{[char: string]: string}} latex */
    export(kind, latex) {
      const name = this.network.label.replace(/[^\w.-]+/g, "_") || "network";
      if (kind === "csv") save(`${name}.csv`, "text/csv", writeCsv(this.network));
      else if (kind === "json")
        save(`${name}.json`, "application/json", `${JSON.stringify(makeDocument(this.network), null, 1)}\n`);
      else if (kind === "svg") save(`${name}.svg`, "image/svg+xml", this.drawing.write());
      else if (kind === "latex") save(`${name}.tex`, "application/x-tex", writeLatex(this.table, latex));
    }
  }

  /** The chosen layer in the address, `#layer=PATH&network=1`. Walking through layers is one step of the history. */
  const address = {
    walking: false,

    /** @param {View} view @param {Visit} visit */
    write(view, visit) {
      const path = encodeURIComponent(view.network.layers.path[view.layer]);
      const fragment = `#layer=${path}${view.index ? `&network=${view.index}` : ""}`;
      const replaces = visit === "replace" && this.walking;
      this.walking = visit === "replace";
      if (fragment === location.hash) return;
      history[replaces ? "replaceState" : "pushState"](null, "", fragment);
    },

    /** Show what the address says. @param {View[]} views */
    read(views) {
      this.walking = false;
      const said = new URLSearchParams(location.hash.slice(1).replaceAll("+", "%2B"));
      const view = views[Number(said.get("network") ?? 0)];
      const layer = view?.network.layers.path.indexOf(said.get("layer") ?? "") ?? -1;
      for (const each of views) each.choose(each === view && layer >= 0 ? layer : each.first, "keep");
    },
  };

  /** Keep the theme, where the browser lets a page keep something. */
  const setUpTheme = () => {
    const select = document.querySelector("select.theme");
    if (!(select instanceof HTMLSelectElement)) return;
    /** @param {() => void} act */
    const attempt = (act) => {
      try {
        act();
      } catch {
        // storage is refused to some pages, e.g. in a sandbox
      }
    };
    const apply = () => {
      if (select.value) document.documentElement.dataset.theme = select.value;
      else delete document.documentElement.dataset.theme;
    };
    attempt(() => {
      const kept = localStorage.getItem("cnncalc-theme");
      if (kept === "light" || kept === "dark") select.value = kept;
    });
    apply();
    select.addEventListener("change", () => {
      apply();
      attempt(() => localStorage.setItem("cnncalc-theme", select.value));
    });
  };

  const start = () => {
    for (const tools of document.querySelectorAll(".tools")) /** @type {HTMLElement} */ (tools).hidden = false;
    setUpTheme();
    /** @type {{networks: Network[], latex: {[char: string]: string}}} */
    const data = JSON.parse(get(document, "#data", HTMLElement).textContent ?? "");
    const views = data.networks.map((network, index) => {
      return new View(get(document, `article[data-network="${index}"]`, HTMLElement), network, index);
    });
    for (const button of document.querySelectorAll("button.export")) {
      const view = views[Number(/** @type {HTMLElement | null} */ (button.closest("article"))?.dataset.network ?? 0)];
      button.addEventListener("click", () =>
        view.export(/** @type {HTMLElement} */ (button).dataset.export ?? "", data.latex),
      );
    }
    addEventListener("beforeprint", () => views.forEach((view) => view.table.print(true)));
    addEventListener("afterprint", () => views.forEach((view) => view.table.print(false)));
    document.querySelector("button.print")?.addEventListener("click", () => print());
    addEventListener("popstate", () => address.read(views));
    address.read(views);
  };

  start();
}
