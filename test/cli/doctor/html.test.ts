import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { formsOf } from '../../../src/cli/doctor/html.ts'

suite('forms in HTML', () => {
  const cases: [name: string, html: string, expected: ReturnType<typeof formsOf>][] = [
    ['none', '<p>1 < 2</p><input name=outside>', []],
    [
      'with quotes of each kind, and none',
      `<FORM METHOD=post action='/a?b=1&amp;c'><input type=hidden name="csrf" value=a&#43;b&#x2f;c==><INPUT name=n disabled>`,
      [
        {
          action: '/a?b=1&c',
          method: 'POST',
          fields: [
            { name: 'csrf', type: 'hidden', value: 'a+b/c==' },
            { name: 'n', type: 'text', value: '' },
          ],
        },
      ],
    ],
    [
      'not in comments, scripts and text areas',
      `<!-- <form> --><script>"<form>"</script><textarea><form></textarea><form></form><input name=x>`,
      [{ action: undefined, method: 'GET', fields: [] }],
    ],
    [
      'with > in an attribute',
      `<form data-x="a>b" action="/x"><input value=">" name="y"/></form>`,
      [{ action: '/x', method: 'GET', fields: [{ name: 'y', type: 'text', value: '>' }] }],
    ],
    [
      'cut off',
      '<form action="/x"><input name="a" value="b',
      [{ action: '/x', method: 'GET', fields: [{ name: 'a', type: 'text', value: '' }] }],
    ],
    [
      'with letters whose lower case is longer',
      'İİİİ<script></script><form action=/x>',
      [{ action: '/x', method: 'GET', fields: [] }],
    ],
  ]
  for (const [name, html, expected] of cases) {
    test(name, () => assert.deepEqual(formsOf(html), expected))
  }

  test('in linear time for any text', () => {
    const parts = [
      '<!--',
      '<a ',
      '<a "',
      "<a b='",
      '<a b="',
      '<a =',
      '<script>',
      '<form ',
      '&#x',
      ' ',
      '<',
      '/',
    ]
    for (const part of parts) {
      for (const head of ['', '<a ', '<input value="']) {
        const started = performance.now()
        formsOf(head + part.repeat(4_194_304 / part.length))
        const ms = performance.now() - started
        // Quadratic time would be minutes.
        assert.ok(ms < 60_000, `${JSON.stringify(head + part)} took ${ms} ms`)
      }
    }
  })
})
