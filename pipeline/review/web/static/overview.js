// The county as a whole: what there is to do, and the map.

import { h, replace } from './dom.js';
import { counts, filters, model, stateOf } from './model.js';
import { findingName, t } from './words.js';

export class Overview {
  constructor(filter) {
    this.filter = filter;
    this.element = h('section', { class: 'overview' });
  }

  show() {
    const bar = (name, value, n, label) => {
      const fill = h('i', { class: `fill ${value}` });
      fill.style.width = `${(n / Math.max(model.rows.length, 1)) * 100}%`;
      return h('button', { type: 'button', class: 'tallybar', 'aria-pressed': String(filters[name] === value), onclick: () => this.filter(name, filters[name] === value ? '' : value) }, fill, h('span', {}, label), h('b', {}, n));
    };
    const legend = [['s3', 'case'], ['right', 'right'], ['legacy', 'legacy'], ['zone', 'zone'], ['field', 'farm'], ['approval', 'approval'], ['town', 'townLine']];
    replace(this.element, h('h2', {}, `${model.county} ${model.month}`), h('p', { class: 'dim' }, t.start),
      h('h3', {}, t.byReview), counts((row) => stateOf(row.id).review).map(([value, n]) => bar('review', value, n, t[value])),
      h('h3', {}, t.byFinding), counts((row) => row.finding).map(([value, n]) => bar('finding', value, n, findingName({ finding: value }, model.names))),
      h('h3', {}, t.legend), h('div', { class: 'legend' }, legend.map(([kind, name]) => h('span', { class: `mark ${kind}` }, h('i'), t[name]))));
  }
}
