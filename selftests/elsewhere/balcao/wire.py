"""What goes over the wire: everything in an envelope, lists newest first, and names of its own."""

from typing import Any

from starlette.responses import JSONResponse

NAMES = {
    "id": "uuid",
    "codigo": "uuid",
    "conversationId": "atendimento",
    "customerName": "cliente",
    "customerUsername": "apelido",
    "unreadCount": "naoLidas",
    "lastMessageAt": "ultimaEm",
    "lastMessage": "ultima",
    "senderType": "papel",
    "senderName": "nomeDoAutor",
    "messageType": "formato",
    "mediaUrl": "enderecoDaMidia",
    "isRead": "lida",
    "createdAt": "criadaEm",
    "repliedTo": "citada",
    "preview": "trecho",
    "deleted": "apagada",
    "kind": "qual",
}


def renamed(value: Any) -> Any:
    """Return a document under the names of the wire."""
    if isinstance(value, dict):
        return {NAMES.get(name, name): renamed(held) for name, held in value.items()}
    return [renamed(one) for one in value] if isinstance(value, list) else value


def enveloped(document: Any, status_code: int = 200) -> JSONResponse:
    """Answer in the envelope; a session also as a cookie, as browsers want it."""
    if status_code >= 400:
        return JSONResponse({"sucesso": False, "motivo": document}, status_code)
    if "access_token" in document:
        key = document["access_token"]
        answer = JSONResponse({"sucesso": True, "dados": {"sessao": {"chave": key}, "prazo": document["expires_in"]}})
        answer.set_cookie("balcao", key, httponly=True, samesite="lax")
        return answer
    if "total" in document:
        listed, meta = document["atendimentos"], {"total": document["total"]}
    elif "has_more" in document:
        listed, meta = document["messages"][::-1], {"temMais": document["has_more"], "seguinte": document["next"]}
    else:
        return JSONResponse({"sucesso": True, "dados": renamed(document)}, status_code)
    return JSONResponse({"sucesso": True, "dados": {"itens": renamed(listed)}, "meta": meta})
