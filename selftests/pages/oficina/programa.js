// Old-fashioned on purpose: no modules, no roles, no ids; hash routes; markup written as text.
var raiz = document.querySelector('.tudo');
var aberta = null;

function pega(caminho, corpo, pronto) {
  var pedido = new XMLHttpRequest();
  pedido.open(corpo ? 'POST' : 'GET', caminho);
  pedido.setRequestHeader('X-Loja', localStorage.loja || '');
  pedido.onload = function () { pronto(pedido.status, pedido.status < 400 ? JSON.parse(pedido.responseText || '{}') : null); };
  pedido.send(corpo ? JSON.stringify(corpo) : null);
}
function limpo(texto) { return (texto || '').replace(/&/g, '&amp;').replace(/</g, '&lt;'); }
function reduzida(url) { return 'mini?largura=480&de=' + encodeURIComponent(url); }

function entrada() {
  raiz.innerHTML = '<div class="caixa">Seu usuário<input class="u" placeholder="E-mail ou usuário"><div class="botao">Continuar</div></div>';
  raiz.querySelector('.botao').onclick = function () {
    var quem = raiz.querySelector('.u').value;
    raiz.innerHTML = '<div class="caixa">' + limpo(quem) + '<input class="s" type="password" placeholder="Sua senha"><div class="erro"></div><div class="botao">Entrar</div></div>';
    raiz.querySelector('.botao').onclick = function () {
      pega('servico/entrar', { quem: quem, segredo: raiz.querySelector('.s').value }, function (estado, resposta) {
        if (estado !== 200) { raiz.querySelector('.erro').innerHTML = '<p role="alert">Senha errada</p>'; return; }
        localStorage.loja = resposta.loja;
        location.hash = '#/painel';
        roteia();
      });
    };
  };
}

function balcao() {
  raiz.innerHTML = '<div class="caixa">Qual balcão?<div class="botao">Balcão 1</div></div>';
  raiz.querySelector('.botao').onclick = function () { localStorage.balcao = '1'; roteia(); };
}

function topo(dentro) {
  return '<div class="topo"><div class="aba painel">Painel</div><div class="aba lista">Atendimento</div></div>' + dentro;
}
function monta(dentro) {
  raiz.innerHTML = topo(dentro);
  raiz.querySelector('.painel').onclick = function () { location.hash = '#/painel'; };
  raiz.querySelector('.lista').onclick = function () { location.hash = '#/fila'; };
}
function painel() { monta('<div class="rolo">Bom trabalho! Hoje há 3 clientes esperando.</div>'); }

function fila() {
  pega('servico/fila?lote=0', null, function (estado, resposta) {
    if (estado === 401) return entrada();
    monta('<div class="pessoas"></div>');
    resposta.dados.itens.forEach(function (um) {
      var linha = document.createElement('div');
      linha.className = 'pessoa';
      linha.innerHTML = '<b>' + limpo(um.cliente.nome) + '</b> <span>' + limpo(um.ultima) + '</span>';
      linha.onclick = function () { location.hash = '#/papo/' + um.numero; };
      raiz.querySelector('.pessoas').appendChild(linha);
    });
  });
}

function papo(numero) {
  pega('servico/papo/' + numero + '?lote=0', null, function (estado, resposta) {
    monta('<div class="rolo"></div><div class="cortina"><div class="palco"></div><a class="x">Fechar ✕</a><span class="seta esq">‹</span><span class="seta dir">›</span></div>');
    var rolo = raiz.querySelector('.rolo');
    if (!resposta) { rolo.innerHTML = 'Não deu para carregar. Tente de novo.'; return; }
    if (!resposta.dados.itens.length) rolo.innerHTML = 'Nenhuma mensagem.';
    resposta.dados.itens.forEach(function (uma) { rolo.appendChild(balao(uma)); });
    rolo.scrollTop = rolo.scrollHeight;
    pega('servico/papo/' + numero + '/lida', { lida: true }, function () {});
  });
}

function balao(uma) {
  var caixa = document.createElement('div');
  caixa.className = 'balao';
  if (uma.citada) caixa.innerHTML += '<div class="citada">Em resposta a ' + limpo(uma.citada.nome) + '<br>' + (uma.citada.apagada ? 'Esta mensagem foi apagada' : limpo(uma.citada.texto)) + '</div>';
  uma.arquivos.forEach(function (arquivo, lugar) { caixa.appendChild(miniatura(arquivo, lugar, uma.arquivos)); });
  caixa.innerHTML.length; // nothing: the text comes last
  var texto = document.createElement('div');
  texto.textContent = uma.texto || '';
  caixa.appendChild(texto);
  return caixa;
}

var olheiro = new IntersectionObserver(function (vistos) {
  vistos.forEach(function (visto) {
    if (!visto.isIntersecting) return;
    olheiro.unobserve(visto.target);
    carrega(visto.target);
  });
});
function carrega(quadro) {
  var prova = new Image();
  prova.onload = function () { quadro.style.backgroundImage = 'url("' + prova.src + '")'; };
  prova.onerror = function () { quadro.className = 'sumiu'; quadro.textContent = 'Mídia indisponível'; };
  prova.src = quadro.dataset.foto;
}
function miniatura(arquivo, lugar, todos) {
  var quadro = document.createElement(arquivo.tipo === 'filme' ? 'a' : 'div');
  quadro.className = arquivo.tipo === 'filme' ? 'filme' : 'foto';
  quadro.dataset.foto = arquivo.tipo === 'filme' ? arquivo.capa : reduzida(arquivo.onde);
  if (arquivo.tipo === 'filme') { quadro.href = '#'; quadro.dataset.filme = arquivo.onde; }
  quadro.addEventListener('click', function (evento) { evento.preventDefault(); abre(todos, lugar); });
  quadro.tabIndex = 0;
  quadro.addEventListener('keydown', function (evento) { if (evento.key === 'Enter') { evento.preventDefault(); quadro.click(); } });
  olheiro.observe(quadro);
  return quadro;
}

var deOnde = null;
function abre(todos, lugar) {
  aberta = { todos: todos, lugar: lugar };
  deOnde = document.activeElement;
  var cortina = document.querySelector('.cortina');
  cortina.className = 'cortina aberta';
  cortina.querySelector('.x').onclick = fecha;
  cortina.querySelector('.dir').onclick = function () { anda(1); };
  cortina.querySelector('.esq').onclick = function () { anda(-1); };
  mostra();
  cortina.querySelector('.x').tabIndex = 0;
  cortina.querySelector('.x').focus();
}
function anda(passo) {
  var novo = aberta.lugar + passo;
  if (novo < 0 || novo >= aberta.todos.length) return;
  aberta.lugar = novo;
  mostra();
}
function mostra() {
  var cortina = document.querySelector('.cortina');
  var arquivo = aberta.todos[aberta.lugar];
  var palco = cortina.querySelector('.palco');
  cortina.querySelector('.dir').style.display = cortina.querySelector('.esq').style.display = aberta.todos.length > 1 ? '' : 'none';
  palco.style.backgroundImage = '';
  palco.innerHTML = '';
  if (arquivo.tipo === 'filme') {
    palco.innerHTML = '<video controls></video>';
    palco.firstChild.onerror = function () { sumiu(palco); };
    palco.firstChild.src = arquivo.onde;
    return;
  }
  var prova = new Image();
  prova.onload = function () { palco.style.backgroundImage = 'url("' + prova.src + '")'; };
  prova.onerror = function () { sumiu(palco); };
  prova.src = arquivo.onde;
}
function sumiu(palco) { palco.innerHTML = '<div class="sumiu">Mídia indisponível</div>'; }
function fecha() { document.querySelector('.cortina').className = 'cortina'; aberta = null; if (deOnde) deOnde.focus(); }
addEventListener('keyup', function (evento) { if (evento.key === 'Escape' && aberta) fecha(); });

function roteia() {
  if (!localStorage.loja) return entrada();
  var papoAberto = location.hash.match(/^#\/papo\/(.+)$/);
  if (papoAberto) return papo(papoAberto[1]);
  return location.hash === '#/fila' ? fila() : painel();
}
addEventListener('hashchange', roteia);
roteia();
navigator.sendBeacon('https://medidas.invalid/visita', '1');
