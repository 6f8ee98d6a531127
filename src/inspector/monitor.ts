/**
 * Listens to stores, and remembers what they did.
 *
 * @module
 */

import { Minutes } from './minutes.ts'
import type { StoreView } from './store-view.ts'
import { Timeline } from './timeline.ts'

/** What happened in some stores since it was created. */
export class Monitor {
  readonly timeline: Timeline
  readonly #minutes = new Map<StoreView, Minutes>()

  /** @param now - the clock, in milliseconds */
  constructor(views: readonly StoreView[], now: () => number) {
    this.timeline = new Timeline(now)
    for (const view of views) {
      const minutes = new Minutes(now)
      this.#minutes.set(view, minutes)
      view.store.observe((event, source) => {
        if (!view.covers(event) || (source.request && this.timeline.ignores(source.request))) return
        minutes.add(event, source.session)
        this.timeline.add(view.label, event, source)
      })
    }
  }

  minutesOf(view: StoreView): Minutes {
    return this.#minutes.get(view) as Minutes
  }
}
