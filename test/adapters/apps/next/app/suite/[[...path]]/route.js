import { cookies } from 'next/headers'

const answer = request => globalThis.silverbackTest.answer(request, cookies)

export { answer as GET, answer as POST }
