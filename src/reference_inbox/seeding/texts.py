"""What people write to a small pottery, in Portuguese, and what they are called."""

from typing import Final

FIRST_NAMES: Final = (
    "Ana", "Bruno", "Camila", "Diego", "Eduarda", "Felipe", "Gabriela", "Heitor", "Isabela", "João", "Karina",
    "Leonardo", "Marina", "Nelson", "Olívia", "Pedro", "Quitéria", "Rafael", "Sônia", "Thiago", "Úrsula", "Vinícius",
    "Wanda", "Yasmin", "Zélia", "Conceição", "Antônio", "Inês", "Otávio", "Luís",
)
LAST_NAMES: Final = (
    "Almeida", "Barbosa", "Cardoso", "Dias", "Esteves", "Ferreira", "Gonçalves", "Haddad", "Ikeda", "Junqueira",
    "Klein", "Lima", "Magalhães", "Nóbrega", "Oliveira", "Pacheco", "Queirós", "Ribeiro", "Sant'Anna", "Teixeira",
    "Uchôa", "Vasconcelos", "Xavier", "Yamada", "Zanetti", "Araújo", "de Souza", "da Conceição", "Moraes",
)
STAFF: Final = ("Maria Souza", "Paulo Lima")

FROM_CUSTOMERS: Final = (
    "Oi! Vocês ainda têm esse vaso azul?", "Qual o valor do frete para Recife?", "Chegou direitinho, obrigada! 💙",
    "Dá para fazer com o nome da minha avó?", "Aceita Pix?", "Tem na cor verde?", "Quanto tempo demora?",
    "Boa noite, queria encomendar 12 canecas para um casamento em dezembro.", "Amei 😍", "Pode ser dia 15?",
    "O prato pode ir no micro-ondas?", "Vocês têm loja física?", "E se eu levar dois, tem desconto?",
    "Meu CEP é do interior, entrega mesmo assim?", "A tampa veio com um trincado, o que eu faço?",
    "Vi no story de ontem <3 ainda está disponível?", "Pode mandar mais fotos?", "É 100% artesanal?",
    "Perfeito & combinado!", "Consegue um \"vale\" para presente?",
    "Olha, explico melhor: a gente quer servir uma mesa de vinte lugares, metade dos pratos fundos e metade rasos,"
    " tudo no mesmo tom de areia da foto que vocês postaram em março, e se possível com um pratinho de pão para cada"
    " lugar. A festa é no fim do mês que vem, mas eu só consigo buscar uma semana antes. Vocês acham que dá tempo?"
    " Se precisar de sinal, me diga o valor que eu já transfiro hoje.\n\nObrigada pela paciência!",
)
FROM_STAFF: Final = (
    "Oi! Temos sim 😊", "O frete fica R$ 38,00 pelo correio.", "Que alegria! Obrigada pelo carinho.",
    "Claro, escrevemos à mão antes da segunda queima.", "Aceitamos Pix e cartão.", "Temos em verde, azul e areia.",
    "São 20 dias, do torno até a queima.", "Podemos sim! Para 12 peças, o prazo é de 30 dias.",
    "Vai ao micro-ondas e à lava-louças.", "Nosso ateliê fica na Vila Madalena, aberto de terça a sábado.",
    "Levando duas, o frete é por nossa conta.", "Sinto muito! Enviamos outra amanhã, sem custo.",
    "Segue o orçamento.", "Essa é a última da fornada.", "Mando fotos da próxima fornada na sexta.", "Combinado!",
    "Cada peça é única: pequenas diferenças de cor e de forma fazem parte do trabalho no torno. Se alguma coisa não"
    " agradar, a troca é sua por direito em sete dias, e o frete da volta é nosso.",
)
CAPTIONS: Final = ("Olha que linda 😍", "É desse aqui que eu falei", "Assim?", "Nova fornada!", "Da feira de ontem",
                   "Ficou pronto hoje", "Referência para a cor")
