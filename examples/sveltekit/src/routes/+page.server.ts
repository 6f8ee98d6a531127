import { redirect } from '@sveltejs/kit'
import { store } from '../sessions.server'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = ({ locals: { session } }) => {
  const visits = session.increment('visits')
  return { user: session.owner, visits, messages: session.flashes<string>() }
}

export const actions: Actions = {
  async signIn({ request, locals: { session } }) {
    const form = await request.formData()
    session.login(String(form.get('user'))) // changes the session id
    session.remember(form.has('remember'))
    session.addFlash('Welcome back')
    redirect(303, '/') // the session is saved first
  },

  async signOutEverywhere({ locals: { session } }) {
    if (session.owner) await store.revokeAll(session.owner)
    session.destroy()
    redirect(303, '/')
  },
}
