# ruff: noqa: E501  a piece of a file stands on one line, as it does there
"""Ways in which this page can be wrong: each replaces one piece of one of its files."""

FAULTS: dict[str, tuple[str, str, str]] = {
    "escape-dead": ("programa.js", "evento.key === 'Escape' && aberta", "evento.key === 'F13' && aberta"),
    "x-dead": ("programa.js", "cortina.querySelector('.x').onclick = fecha;", ""),
    "arrow-dead": ("programa.js", "if (novo < 0 || novo >= aberta.todos.length) return;", "return;"),
    "wrong-picture": ("programa.js", "aberta = { todos: todos, lugar: lugar };",
                      "aberta = { todos: todos, lugar: (lugar + 1) % todos.length };"),
    "viewer-does-not-open": ("programa.js", "evento.preventDefault(); abre(todos, lugar);", "evento.preventDefault();"),
    "viewer-in-a-corner": ("estilo.css", "inset: 0; background: #000d", "left: 0; top: 0; width: 60%; height: 60%; background: #000d"),
    "films-missing": ("programa.js", "uma.arquivos.forEach(", "uma.arquivos.filter(function (a) { return a.tipo !== 'filme'; }).forEach("),
    "second-missing": (
        "programa.js",
        "uma.arquivos.forEach(",
        "uma.arquivos.slice(0, 1).forEach(",
    ),
    "first-twice": ("programa.js", "uma.arquivos.forEach(", "uma.arquivos.slice(0, 1).concat(uma.arquivos).forEach("),
    "pages-overlap": ("programa.js", "resposta.dados.itens.forEach(function (uma) {",
                      "resposta.dados.itens.concat(resposta.dados.itens.slice(-5)).forEach(function (uma) {"),
    "neighbours-pictures": (  # what is drawn of one message stays for the next
        "programa.js", "uma.arquivos.forEach(",
        "var eles = uma.arquivos.concat(balao.antes || []); balao.antes = uma.arquivos; eles.forEach("),
    "shown-for-another": (  # the list is one place further than the message
        "programa.js", "resposta.dados.itens.forEach(function (uma) {",
        ("resposta.dados.itens.forEach(function (uma, onde, todas) {"
         " if (uma.codigo === 'p-77-013') uma.arquivos = todas[onde + 1].arquivos;")),
    "pinned-on-top": (  # a habit, no fault
        "programa.js", "rolo.scrollTop = rolo.scrollHeight;",
        ("var fixo = balao(resposta.dados.itens[resposta.dados.itens.length > 13 ? 13 : 1]);"
         " fixo.style = 'position: sticky; top: 0; z-index: 1'; rolo.insertBefore(fixo, rolo.firstChild);"
         " rolo.scrollTop = rolo.scrollHeight;")),
    "panel-beside": (  # a habit, no fault: what one looks at is drawn there as in the thread
        "programa.js", "rolo.scrollTop = rolo.scrollHeight;",
        ("var lado = document.createElement('div'); lado.className = 'rolo'; rolo.style.width = '60%';"
         " lado.style = 'position: absolute; right: 0; top: 60px; width: 38%';"
         " resposta.dados.itens.slice(-5).forEach(function (uma) { lado.appendChild(balao(uma)); });"
         " rolo.parentNode.appendChild(lado); rolo.scrollTop = rolo.scrollHeight;")),
    "gallery-above": (  # a habit, no fault: all pictures of the customer
        "programa.js", "rolo.scrollTop = rolo.scrollHeight;",
        ("var fotos = document.createElement('div'); fotos.style = 'display: flex; overflow: auto';"
         " resposta.dados.itens.forEach(function (uma) { uma.arquivos.forEach(function (a, lugar) {"
         " fotos.appendChild(miniatura(a, lugar, uma.arquivos)).style = 'width: 90px; height: 60px; background-size: cover'; }); });"
         " rolo.parentNode.insertBefore(fotos, rolo); rolo.scrollTop = rolo.scrollHeight;")),
    "keeps-nodes": (  # a habit, no fault: what is not in sight any more lies above the list, to be used again
        "programa.js", "rolo.scrollTop = rolo.scrollHeight;",
        ("var alto = 20, velhos = [].slice.call(rolo.children); rolo.style.position = 'relative';"
         " var lugares = velhos.map(function (b) { var onde = alto; alto += b.offsetHeight + 14; return onde; });"
         " function poe(b, onde) { b.style = 'position: absolute; width: 460px; top: ' + onde + 'px'; }"
         " velhos.forEach(function (b, n) { poe(b, lugares[n]); });"
         " resposta.dados.itens.slice(-5).forEach(function (uma) { poe(rolo.appendChild(balao(uma)), -9999); });"
         " rolo.scrollTop = rolo.scrollHeight;")),
    "uses-nodes-again": (  # a habit, no fault: what lies below the list is drawn anew when it comes into sight
        "programa.js", "rolo.scrollTop = rolo.scrollHeight;",
        ("var guarda = new IntersectionObserver(function (vistos) { vistos.forEach(function (visto) {"
         " if (visto.isIntersecting) visto.target.remove(); }); });"
         " rolo.scrollTop = rolo.scrollHeight;"
         " resposta.dados.itens.slice(-5).forEach(function (uma) { var velho = rolo.appendChild(balao(uma));"
         " velho.style.marginTop = '1200px'; guarda.observe(velho); });")),
    "blurred-behind": (  # a habit, no fault: a small copy fills the box until the picture is there, and stays behind it
        "programa.js", "  olheiro.observe(quadro);\n  return quadro;",
        ("  olheiro.observe(quadro);\n  if (arquivo.tipo === 'filme') return quadro;\n"
         "  var dupla = document.createElement('div'); dupla.style = 'position: relative';\n"
         "  var fundo = quadro.cloneNode(); fundo.removeAttribute('tabindex');\n"
         "  fundo.style = 'position: absolute; inset: 0; filter: blur(9px); background-size: cover';\n"
         "  olheiro.observe(fundo); dupla.appendChild(fundo); quadro.style.position = 'relative';\n"
         "  dupla.appendChild(quadro); return dupla;")),
    "pictures-never-load": ("programa.js", "prova.src = quadro.dataset.foto;", ""),
    "fallback-on-living": ("programa.js", "quadro.style.backgroundImage = 'url(\"' + prova.src + '\")';",
                           "quadro.className = 'sumiu'; quadro.textContent = 'Mídia indisponível';"),
    "fallback-missing": ("programa.js", "quadro.className = 'sumiu'; quadro.textContent = 'Mídia indisponível';", ""),
    "viewer-silent": ("programa.js", "function sumiu(palco) {", "function sumiu(palco) { return;"),
    "no-reply-box": ("programa.js", "if (uma.citada)", "if (false)"),
    "no-preview": ("programa.js", "limpo(uma.citada.texto)", "'…'"),
    "empty-conversation": ("programa.js", "resposta.dados.itens.forEach(function (uma)", "[].forEach(function (uma)"),
    "uncaught": ("programa.js", "function fila() {", "function fila() { setTimeout(function () { naoExiste(); });"),
    "script-404": ("index.html", "programa.js?v=7", "programa-antigo.js"),
    "login-dead": ("programa.js", "'servico/entrar'", "'servico/entrada'"),
    "forgets": ("programa.js", "roteia();\nnavigator", "delete localStorage.loja; roteia();\nnavigator"),
    "asks-which-counter": (  # a habit, no fault: it asks once, and remembers
        "programa.js",
        "return entrada();\n  var",
        "return entrada();\n  if (!localStorage.balcao) return balcao();\n  var",
    ),
    "asks-for-cookies": (  # a habit, no fault: on every page
        "index.html", '<div class="tudo"></div>',
        '<div class="tudo"></div><div style="position:fixed;inset:0;z-index:9"><img alt="Aceitar os biscoitos" width="200" height="60" onclick="this.parentElement.remove()"></div>'),
    "message-box": (  # a habit, no fault: it has the focus, and tells what is typed
        "programa.js", "rolo.scrollTop = rolo.scrollHeight;",
        "raiz.insertBefore(document.createElement('textarea'), rolo.nextSibling).oninput = function () { pega('servico/digitou', null, function () {}); }; raiz.querySelector('textarea').focus(); rolo.scrollTop = rolo.scrollHeight;"),
    "pictures-from-elsewhere": (  # a habit, no fault: a host of somebody else's makes them smaller
        "programa.js", "return 'mini?largura", "return 'https://fotos.example/mini?largura"),
    "large-from-elsewhere": (  # a habit, no fault
        "programa.js", "  prova.onerror = function () { sumiu(palco); };\n  prova.src = arquivo.onde;",
        "  prova.onerror = function () { sumiu(palco); };\n  prova.src = 'https://fotos.example/' + encodeURIComponent(arquivo.onde);"),
    "login-elsewhere": (  # a habit, no fault: one logs in on a host for everything
        "programa.js", "function entrada() {", "function entrada() { location.href = 'https://entrada.example/?volta=loja'; return;"),
    "leaves-after-login": (  # a habit, no fault
        "programa.js", "location.hash = '#/painel';\n        roteia();", "location.href = 'https://app.example/loja/';"),
    "gives-up": ("programa.js", "  pedido.send(corpo", "  pedido.timeout = 4000;\n  pedido.send(corpo"),
    "error-as-empty": ("programa.js", "'Não deu para carregar. Tente de novo.'", "'Nenhuma mensagem.'"),
    "no-keyboard": ("programa.js", "quadro.tabIndex = 0;", ""),
    "round-and-round": ("programa.js", "if (novo < 0 || novo >= aberta.todos.length) return;",
                        "novo = (novo + aberta.todos.length) % aberta.todos.length;"),
    "arrows-beside-one": ("programa.js", "aberta.todos.length > 1 ? '' : 'none'", "''"),
    "back-to-the-last": ("programa.js", "if (novo < 0 || novo >= aberta.todos.length) return;",
                         "if (novo >= aberta.todos.length) return; novo = (novo + aberta.todos.length) % aberta.todos.length;"),
    "every-other-click": ("programa.js", "function abre(todos, lugar) {", "var vezes = 0;\nfunction abre(todos, lugar) { if (++vezes % 2 === 0) return;"),
    "fades-away": (  # a habit, no fault: clicks go through it while it fades, ...
        "programa.js", "function fecha() { document.querySelector('.cortina').className = 'cortina';",
        ("function fecha() { var c = document.querySelector('.cortina'); c.className = 'cortina aberta saindo';"
        " c.style = 'pointer-events: none; opacity: 0.4';"
        " setTimeout(function () { c.className = 'cortina'; c.style = ''; }, 300);")),
    "deaf-while-fading": (  # ... and are lost
        "programa.js", "function abre(todos, lugar) {",
        "function abre(todos, lugar) { if (document.querySelector('.saindo')) return;"),
    "dead-media-throws": ("programa.js", "quadro.className = 'sumiu'; quadro.textContent = 'Mídia indisponível';",
                          "quadro.className = 'sumiu'; quadro.textContent = 'Mídia indisponível'; naoExiste();"),
    "throws-at-our-answer": (  # a habit, no fault: it counts on more than `{}`
        "programa.js", "{ lida: true }, function () {}", "{ lida: true }, function (estado, resposta) { resposta.feita.length; }"),
    "blobs": (  # a habit, no fault: no address says what the viewer shows
        "programa.js", "prova.src = arquivo.onde;",
        "fetch(arquivo.onde).then(function (r) { return r.blob(); }).then(function (b) { prova.src = URL.createObjectURL(b); });"),
    "waits-at-the-door": (  # a habit, no fault: the form goes away until it is answered, and a refusal begins anew
        "programa.js",
        ("pega('servico/entrar', { quem: quem, segredo: raiz.querySelector('.s').value }, function (estado, resposta) {\n"
        "        if (estado !== 200) {"),
        ("var segredo = raiz.querySelector('.s').value;\n      raiz.innerHTML = 'Entrando…';\n"
        "      pega('servico/entrar', { quem: quem, segredo: segredo }, function (estado, resposta) {\n"
        "        if (!resposta.loja) return entrada();\n        if (estado !== 200) {")),
    "socket-elsewhere": (  # a habit, no fault: what is new comes from somebody else's host
        "programa.js", "navigator.sendBeacon(",
        "new WebSocket('ws://avisos.invalid/fio?quem=ana').onclose = function () { console.error('o fio caiu'); };\nnavigator.sendBeacon("),
    "answer-without-end": (  # a habit, no fault: a stream of what is new
        "programa.js", "navigator.sendBeacon(", "fetch('servico/fio');\nnavigator.sendBeacon("),
    "deaf-while-it-opens": (  # a habit, no fault: no key counts until the picture is there, and there is nothing to click
        "programa.js", "if (evento.key === 'Escape' && aberta) fecha();",
        "if (evento.key === 'Escape' && aberta && document.querySelector('.palco').style.backgroundImage) fecha();"),
    "opens-late": ("programa.js", "palco.style.backgroundImage = 'url(\"' + prova.src + '\")';",
                   "setTimeout(function () { palco.style.backgroundImage = 'url(\"' + prova.src + '\")'; }, 300);"),
    "fades-in": (  # a habit, no fault: what stands below the picture is too pale to read for half a second
        "programa.js", "cortina.className = 'cortina aberta';",
        ("cortina.className = 'cortina aberta'; var caixa = document.createElement('div'); cortina.appendChild(caixa);"
         " caixa.style = 'position: absolute; bottom: 0; background: #000';"
         " caixa.innerHTML = '<p class=\"legenda\" style=\"color: #fff; opacity: 0.2\">Uma legenda para a foto</p>';"
         " var p = caixa.firstChild, quando = setInterval(function () { p.style.opacity = Number(p.style.opacity) + 0.04;"
         " if (p.style.opacity >= 1) clearInterval(quando); }, 30);")),
    "tires": ("programa.js", "function abre(todos, lugar) {", "var vezes = 0;\nfunction abre(todos, lugar) { if (++vezes > 4) return;"),
    "shrinks": ("estilo.css", ".sumiu {", ".sumiu { min-height: 0 !important; height: 20px !important; padding: 0 !important;"),
    "mixed-content": ("index.html", '<div class="tudo"></div>',
                      '<div class="tudo"></div><img src="http://selos.example/selo.png" alt="" width="40" height="40">'),
    "mixed-script": ("index.html", '<div class="tudo"></div>',
                     '<div class="tudo"></div><script src="http://selos.example/conta.js"></script>'),
    "wrong-name": ("programa.js", "limpo(uma.citada.nome)", "(uma.citada.nome === 'Joana' ? 'Oficina Couro' : 'Joana')"),
    "veil-over-the-list": ("programa.js", "monta('<div class=\"pessoas\"></div>');",
                           "monta('<div class=\"pessoas\"></div><div class=\"veu\" style=\"position:fixed;inset:60px 0 0\"></div>');"),
    "names-nobody": ("programa.js", "Em resposta a ' + limpo(uma.citada.nome) + '", "Em resposta a uma mensagem"),
    "deleted-shown": ("programa.js", "uma.citada.apagada ?", "false ?"),
}  # fmt: skip
"""Name -> file, the piece that is there, what stands in its place."""
OF_THE_SERVER = {"any-password", "polite-refusal", "short-pages"}
"""Those that no file of the page has; that a page loads the last four messages alone is a habit, and no fault."""
