import type { ReactNode } from 'react'
import { Form, redirect } from 'react-router'
import { login, store } from '../sessions.server'
import type { Route } from './+types/home'

export function loader({ context }: Route.LoaderArgs) {
  const session = context.get(login)
  const { cart = [] } = session.values
  return { user: session.owner, cart, messages: session.flashes<string>() }
}

export async function action({ request, context }: Route.ActionArgs) {
  const session = context.get(login)
  const form = await request.formData()
  switch (form.get('do')) {
    case 'add':
      session.values.cart = [...(session.values.cart ?? []), String(form.get('item'))]
      break
    case 'sign in':
      session.login(String(form.get('user')), { keep: ['cart'] }) // changes the session id
      session.remember(form.has('remember'))
      session.addFlash('Welcome back')
      break
    case 'sign out everywhere':
      if (session.owner) await store.revokeAll(session.owner)
      session.destroy()
      break
    default:
      throw new Response('Unknown action', { status: 400 })
  }
  return redirect('/') // the session is saved first
}

export default function Home({ loaderData }: Route.ComponentProps): ReactNode {
  const { user, cart, messages } = loaderData
  return (
    <main>
      <h1>{user ?? 'Guest'}</h1>
      <ul id="flashes">
        {messages.map(message => (
          <li key={message}>{message}</li>
        ))}
      </ul>
      <p id="cart">{cart.join(', ') || 'nothing'}</p>
      <Form method="post">
        <input name="item" required />
        <button type="submit" name="do" value="add">
          Add
        </button>
      </Form>
      {user === undefined ? (
        <Form method="post">
          <input name="user" required />
          <input type="checkbox" name="remember" />
          <button type="submit" name="do" value="sign in">
            Sign in
          </button>
        </Form>
      ) : (
        <Form method="post">
          <button type="submit" name="do" value="sign out everywhere">
            Sign out everywhere
          </button>
        </Form>
      )}
    </main>
  )
}
