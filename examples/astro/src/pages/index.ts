import type { APIRoute } from 'astro'

export const GET: APIRoute = ({ locals: { session } }) => {
  const visits = session.increment('visits')
  return Response.json({ user: session.owner, visits, messages: session.flashes() })
}
