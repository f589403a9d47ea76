// From the names of the wire to those that the pages know.

const NAMES = {
  uuid: "id", atendimento: "conversationId", cliente: "customerName", apelido: "customerUsername", naoLidas: "unreadCount",
  ultimaEm: "lastMessageAt", ultima: "lastMessage", papel: "senderType", nomeDoAutor: "senderName",
  formato: "messageType", enderecoDaMidia: "mediaUrl", lida: "isRead", criadaEm: "createdAt", citada: "repliedTo",
  trecho: "preview", apagada: "deleted", qual: "kind", texto: "content", anexos: "attachments", endereco: "url", especie: "type",
};
const VALUES = { foto: "image", filme: "video", som: "audio", papelada: "file" };

function named(value) {
  if (Array.isArray(value)) return value.map(named);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, held]) => {
    const known = NAMES[name] ?? name;
    return [known, ["type", "messageType", "kind"].includes(known) ? VALUES[held] ?? held : named(held)];
  }));
}

export function plain({ dados, meta }) {
  if (dados.sessao) return { access_token: "cookie", expires_in: dados.prazo, user: {} };
  if (!dados.itens) return named(dados);
  if ("temMais" in meta) return { messages: named(dados.itens).reverse(), has_more: meta.temMais, next: meta.seguinte };
  return { conversations: named(dados.itens), total: meta.total };
}
