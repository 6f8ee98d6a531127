/** A race: two tabs that change one cart at once, here and with express-session. */

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { defineSession, ServerStore } from 'silverback'
import { memory } from 'silverback/memory'
import { sessions } from 'silverback/node'
import { type Html, html } from '../../lib/html.ts'
import { buttonForm, chip } from '../lib/components.ts'
import { PerVisitor } from '../lib/per-visitor.ts'
import { type Lap, type RaceResult, type RaceTrack, rounds, runRace } from '../lib/race.ts'
import { type Scene, scene } from '../scene.ts'

const path = '/race'

interface Results {
  readonly ours: RaceResult & { readonly merged: number }
  /** undefined if express-session is not installed. */
  readonly theirs: RaceResult | undefined
}

export function race(): Scene {
  const results = new PerVisitor<Results>()

  return scene({
    path,
    title: 'Two tabs, one cart',
    summary: [
      'Two tabs add products at the same time, so each saves a cart that it has read before the other one saved.',
      'Silverback keeps both changes. With express-session, the later save overwrites the earlier one.',
    ],
    code: `session.push('cart', product) // Silverback: merged with what other requests have saved
request.session.cart = [...cart, product] // express-session: replaces it`,
    sessions: {},

    show({ visitorId }) {
      const result = results.get(visitorId)
      return html`
        <p>Each tab adds ${rounds.length} products. In every round, both requests have read the session before either
          saves it. The requests are real, and go to two small servers on this machine.</p>
        ${buttonForm(path, 'run', result ? 'Run it again' : 'Run the race')}
        ${result && resultPage(result)}`
    },

    actions: {
      async run({ visitorId }) {
        results.set(visitorId, { ours: await raceWithUs(), theirs: await raceWithExpressSession() })
      },
    },
  })
}

async function raceWithUs(): Promise<Results['ours']> {
  let merged = 0
  const store = new ServerStore(memory(), {
    options: { secure: 'auto' },
    onSave: ({ conflicts }) => {
      merged += conflicts
    },
  })
  const cart = defineSession<{ cart: string[] }>(store, 'cart')
  const result = await runRace(track =>
    sessions(cart, async (request, response, session) => {
      session.values.cart ??= []
      const product = track.productOf(request)
      if (product !== undefined) {
        await track.bothHaveRead(request)
        session.push('cart', product) // Silverback: merged with what other requests have saved
      }
      response.end(JSON.stringify(session.values.cart))
    }),
  )
  return { ...result, merged }
}

/** What is used of express-session, which is not a dependency of this package. */
type ExpressSession = (
  options: object,
) => (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void
type WithSession = IncomingMessage & { session: { cart?: string[] } }

async function raceWithExpressSession(): Promise<RaceResult | undefined> {
  const expressSession = findExpressSession()
  return expressSession && runRace(track => expressApp(expressSession, track))
}

/** The package in the folder where the demo was started, or above it. */
function findExpressSession(): ExpressSession | undefined {
  try {
    return createRequire(join(process.cwd(), 'demo.js'))('express-session')
  } catch {
    return undefined
  }
}

function expressApp(expressSession: ExpressSession, track: RaceTrack): RequestListener {
  const middleware = expressSession({ secret: 'demo', resave: false, saveUninitialized: true })
  return (incoming, response) => {
    middleware(incoming, response, async () => {
      const request = incoming as WithSession
      const cart = request.session.cart ?? []
      const product = track.productOf(request)
      if (product !== undefined) {
        await track.bothHaveRead(request)
        request.session.cart = [...cart, product] // express-session: replaces it
      }
      response.end(JSON.stringify(request.session.cart ?? []))
    })
  }
}

function resultPage({ ours, theirs }: Results): Html {
  return html`
    <div class="pair results">
      <section aria-labelledby="ours"><h2 id="ours">Silverback</h2>${raceReport(ours)}
        <p class="hint">${ours.merged} saves met a newer version of the session and were merged with it.</p></section>
      <section aria-labelledby="theirs"><h2 id="theirs">express-session</h2>
        ${theirs ? raceReport(theirs) : notInstalled()}</section>
    </div>
    <p class="hint">A bar begins when a request has read the session, and ends when its response is sent.</p>`
}

function notInstalled(): Html {
  return html`
    <p>This half needs express-session, which Silverback does not depend on. Install it in the folder
      where you start the demo:</p>
    <pre><code>npm install express-session</code></pre>`
}

function raceReport({ laps, cart }: RaceResult): Html {
  const isKept = ({ product }: Lap): boolean => cart.includes(product)
  const kept = laps.filter(isKept).length
  const verdict = `${kept} of ${laps.length} kept`
  return html`
    <p>${chip(kept === laps.length ? 'good' : 'bad', verdict)}</p>
    ${chart(laps, isKept)}
    <ul class="products">${laps.map(lap =>
      isKept(lap)
        ? html`<li class="kept">${lap.product}</li>`
        : html`<li class="lost"><s>${lap.product}</s><span class="unseen"> lost</span></li>`,
    )}</ul>`
}

/** A bar for each request, from its read to its response. */
function chart(laps: readonly Lap[], isKept: (lap: Lap) => boolean): Html {
  const [width, row, bar] = [320, 30, 18]
  const end = Math.max(...laps.map(({ savedAt }) => savedAt))
  const begin = Math.min(...laps.map(({ readAt }) => readAt))
  const at = (time: number): number => 40 + ((time - begin) / (end - begin)) * (width - 44)
  const bars = laps.map(lap => {
    const [x, y] = [at(lap.readAt), lap.tab === 'left' ? 4 : row + 4]
    const length = Math.max(6, at(lap.savedAt) - x - 2)
    return html`<rect class="${isKept(lap) ? 'kept' : 'lost'}" x="${x.toFixed(1)}" y="${y}"
      width="${length.toFixed(1)}" height="${bar}" rx="4"><title>${lap.product}</title></rect>`
  })
  return html`
    <svg class="chart" viewBox="0 0 ${width} ${2 * row}" role="img"
      aria-label="The requests of both tabs, which overlap in every round">
      <text x="0" y="17">Tab 1</text><text x="0" y="${row + 17}">Tab 2</text>${bars}
    </svg>`
}
