import { cookies } from 'next/headers'
import { redirect } from 'next/navigation'

const answer = request => globalThis.silverbackTest.answer(request, cookies, redirect)

export { answer as DELETE, answer as GET, answer as POST }
