import { logins } from '../../sessions'

export async function GET(): Promise<Response> {
  const login = await logins.open()
  const visits = login.session.increment('visits')
  await login.save() // rejects when it fails, where the end of a block only tells of it
  return Response.json({ user: login.session.owner, visits })
}
