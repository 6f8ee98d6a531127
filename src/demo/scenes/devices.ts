/** Devices: the sessions of one owner, and an end that reaches an open tab. */

import { flash, type SessionInfo } from 'silverback'
import { type Html, html } from '../../lib/html.ts'
import type { Demo } from '../demo.ts'
import { button, buttonForm, chip } from '../lib/components.ts'
import { Listeners } from '../lib/listeners.ts'
import { type DevicePage, type Scene, scene, type Visit } from '../scene.ts'

const path = '/devices'

const labels = { login: 'This browser', phone: 'Phone', tablet: 'Tablet' }
type Device = keyof typeof labels

export function devices({ logins: { store, login, phone, tablet } }: Demo): Scene {
  const sources = { login, phone, tablet }
  type DeviceVisit = Visit<typeof sources>
  /** Open pages to refresh when the list of an owner's devices has changed. */
  const lists = new Listeners()

  return scene({
    path,
    title: 'Sign out elsewhere',
    summary: [
      'A user can list the devices that are signed in, and end any of them.',
      'An open tab of that device is closed at once, without polling.',
    ],
    code: `const devices = await store.sessionsOf(owner)
await store.revokeAll(owner, { except: session }) // sign out everywhere else
const stop = await store.watch(session, () => stream.end()) // in the other tab`,
    sessions: sources,

    async show(visit) {
      const device = deviceOf(visit)
      const session = visit.sessions[device]
      const { owner } = session
      if (owner === undefined) return device === 'login' ? signedOutHere() : signedOut(device)
      const devices = await store.sessionsOf(owner)
      const list = deviceList(device, devices, store.handleOf(session))
      return device === 'login' ? html`${list}${otherDevices()}` : phonePage(device, list)
    },

    actions: {
      async 'sign-in'(visit) {
        const device = deviceOf(visit)
        const session = visit.sessions[device]
        const name = visit.sessions.login.values.name ?? 'Ann'
        session.login(visit.visitorId)
        session.values.name = name
        session.label = labels[device]
        // Saved now and not with the response, so that the other tabs find the new session.
        await session.save(visit.request, visit.response)
        lists.notify(visit.visitorId)
      },
      async 'sign-out'(visit, form) {
        const owner = visit.sessions[deviceOf(visit)].owner
        const handle = form.get('handle') ?? ''
        if (owner && (await store.revoke(handle, { owner }))) lists.notify(owner)
      },
      async 'sign-out-elsewhere'(visit) {
        const session = visit.sessions[deviceOf(visit)]
        const { owner } = session
        if (owner === undefined) return
        const count = await store.revokeAll(owner, { except: session }) // sign out everywhere else
        lists.notify(owner)
        visit.notify(
          flash.success(`Ended on ${count} other ${count === 1 ? 'device' : 'devices'}.`),
        )
      },
    },

    async live(visit, stream) {
      const session = visit.sessions[deviceOf(visit)]
      const { owner } = session
      if (owner === undefined) return stream.end()
      const stop = await store.watch(session, () => stream.end()) // in the other tab
      const remove = lists.add(owner, () => stream.change())
      stream.onClose(() => {
        remove()
        void stop()
      })
    },
  })

  function deviceOf({ url }: DeviceVisit): Device {
    const device = url.searchParams.get('on') ?? ''
    return device === 'phone' || device === 'tablet' ? device : 'login'
  }
}

function addressOf(device: Device): string {
  return device === 'login' ? path : `${path}?on=${device}`
}

function deviceList(here: Device, devices: readonly SessionInfo[], own: string | undefined): Html {
  const rows = devices.map(
    ({ handle, label, createdAt }) => html`
      <li>
        <span class="name">${label ?? labels.login}</span>
        <span class="hint">since ${createdAt.toISOString().slice(11, 19)} UTC</span>
        ${handle === own ? chip('plain', 'this device') : signOutForm(here, handle, label)}
      </li>`,
  )
  return html`
    <h2>Signed in on ${devices.length} ${devices.length === 1 ? 'device' : 'devices'}</h2>
    <ul class="rows" id="devices">${rows}</ul>
    ${devices.length > 1 ? buttonForm(addressOf(here), 'sign-out-elsewhere', 'Sign out everywhere else') : undefined}`
}

function signOutForm(here: Device, handle: string, label = 'this device'): Html {
  return html`
    <form method="post" action="${addressOf(here)}">
      <input type="hidden" name="handle" value="${handle}">
      ${button('sign-out', html`Sign out<span class="unseen"> ${label}</span>`, 'quiet')}
    </form>`
}

/** Forms whose results open in new tabs. */
function otherDevices(): Html {
  return html`
    <div class="row">
      ${(['phone', 'tablet'] as const).map(
        device => html`
        <form method="post" action="${addressOf(device)}" target="_blank" rel="noopener">
          ${button('sign-in', html`Open a ${device}<span class="unseen"> in a new tab</span>`, 'quiet')}
        </form>`,
      )}
    </div>
    <p class="hint">Each opens in a tab of its own, with a cookie of its own. Put the tabs side by side.</p>
    <noscript><p class="hint">Without JavaScript, reload the other tab to see that it was signed out.</p></noscript>`
}

function signedOutHere(): Html {
  return html`
    <h2>This browser is signed out</h2>
    <p>Sign in, open a phone in another tab, and end its session from here.</p>
    ${buttonForm(path, 'sign-in', 'Sign in')}`
}

function phonePage(device: Device, list: Html): DevicePage {
  const body = html`<h1>${labels[device]}</h1>${list}<p class="hint">Leave this tab open.</p>`
  return { title: `${labels[device]}: signed in`, body }
}

function signedOut(device: Device): DevicePage {
  const body = html`
    <h1>${labels[device]}</h1>
    <h2 id="ended">Signed out from another device</h2>
    <p>The session of this tab has ended, and the server has notified the page.</p>
    ${buttonForm(addressOf(device), 'sign-in', 'Sign in again', 'quiet')}`
  return { title: `${labels[device]}: signed out`, body }
}
