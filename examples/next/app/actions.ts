'use server'

import { redirect } from 'next/navigation'
import { logins, store } from './sessions'

export async function signIn(form: FormData): Promise<void> {
  await using login = await logins.open()
  login.session.login(String(form.get('user')), { keep: ['cart'] }) // changes the session id
  login.session.remember(form.has('remember'))
  login.session.addFlash('Welcome back')
  redirect('/') // the session is saved first
}

export async function addToCart(form: FormData): Promise<void> {
  await using login = await logins.open()
  const { values } = login.session
  values.cart = [...(values.cart ?? []), String(form.get('item'))]
}

export async function forgetFlashes(): Promise<void> {
  await using login = await logins.open()
  login.session.flashes()
}

export async function signOutEverywhere(): Promise<void> {
  await using login = await logins.open()
  if (login.session.owner) await store.revokeAll(login.session.owner)
  login.session.destroy()
  redirect('/')
}
