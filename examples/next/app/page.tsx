import { type ReactNode, Suspense } from 'react'
import { addToCart, signIn, signOutEverywhere } from './actions'
import { Flashes } from './flashes'
import { logins } from './sessions'

async function Greeting(): Promise<ReactNode> {
  const session = await logins.read()
  return (
    <>
      <h1>{session.owner ?? 'Guest'}</h1>
      <Flashes messages={session.peekFlashes<string>()} />
    </>
  )
}

async function Cart(): Promise<ReactNode> {
  const session = await logins.read() // the same session: it is loaded once per request
  return (
    <>
      <p id="cart">{session.values.cart?.join(', ') ?? 'nothing'}</p>
      <form action={addToCart}>
        <input name="item" required />
        <button type="submit">Add</button>
      </form>
      {session.owner === undefined ? (
        <form action={signIn}>
          <input name="user" required />
          <input type="checkbox" name="remember" />
          <button type="submit">Sign in</button>
        </form>
      ) : (
        <form action={signOutEverywhere}>
          <button type="submit">Sign out everywhere</button>
        </form>
      )}
    </>
  )
}

export default function Page(): ReactNode {
  return (
    <main>
      <Suspense fallback="Loading…">
        <Greeting />
        <Cart />
      </Suspense>
    </main>
  )
}
